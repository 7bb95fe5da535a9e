import { useEffect, useRef, useState } from "react";
import "./stopwatch.css";

type Lap = { number: number; millis: number };

interface Props {
  name: string;
  onLap?: (lap: Lap) => void;
}

const pad = (value: number) => String(value).padStart(2, "0");

export function format(millis: number): string {
  const seconds = Math.floor(millis / 1000);
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}.${Math.floor((millis % 1000) / 100)}`;
}

function useTicks(running: boolean): number {
  const [now, setNow] = useState(0);
  const began = useRef(0);
  useEffect(() => {
    if (!running) return undefined;
    began.current = Date.now() - now;
    const timer = setInterval(() => setNow(Date.now() - began.current), 100);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}

/* Laps are listed newest first. */
export const Laps = ({ laps }: { laps: Lap[] }) => (
  <ol reversed>
    {laps.map((lap) => (
      <li key={lap.number}>
        <b>{lap.number}</b> {format(lap.millis)}
      </li>
    ))}
    {/* an empty list takes no room */}
  </ol>
);

export default function Stopwatch({ name, onLap }: Props) {
  const [running, setRunning] = useState(false);
  const [laps, setLaps] = useState<Lap[]>([]);
  const millis = useTicks(running);

  const lap = () => {
    const next = { number: laps.length + 1, millis };
    setLaps([next, ...laps]);
    onLap?.(next);
  };

  return (
    <section aria-label={name}>
      <output>{format(millis)}</output>
      <button type="button" onClick={() => setRunning(!running)}>
        {running ? "Stop" : "Start"}
      </button>
      <button type="button" disabled={!running} onClick={lap}>
        Lap
      </button>
      {laps.length > 0 && <Laps laps={laps} />}
    </section>
  );
}
