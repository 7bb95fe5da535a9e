using System;
using System.Collections.Generic;
using System.Linq;

namespace Home.Heating
{
    /// <summary>What a room wants.</summary>
    public readonly record struct Wish(double Low, double High);

    public interface ISensor
    {
        double Read();
        string Room { get; }
    }

    [Flags]
    public enum State
    {
        Off = 0,
        Heating = 1,
        Cooling = 2,
    }

    public sealed class Thermostat : IDisposable
    {
        private readonly Dictionary<string, Wish> wishes = new();
        private readonly IReadOnlyList<ISensor> sensors;
        public event EventHandler<State>? Changed;

        public Thermostat(IEnumerable<ISensor> sensors)
        {
            this.sensors = sensors.ToList();
        }

        public State Current { get; private set; } = State.Off;

        public Wish this[string room]
        {
            get => wishes.TryGetValue(room, out var wish) ? wish : new Wish(19, 23);
            set => wishes[room] = value;
        }

        public void Tick()
        {
            var next = sensors.Select(Judge).Aggregate(State.Off, (all, one) => all | one);
            if (next == (State.Heating | State.Cooling))
            {
                next = State.Off; // rooms disagree: leave them to the doors
            }
            if (next != Current)
            {
                Current = next;
                Changed?.Invoke(this, next);
            }
        }

        private State Judge(ISensor sensor) => sensor.Read() switch
        {
            var t when t < this[sensor.Room].Low => State.Heating,
            var t when t > this[sensor.Room].High => State.Cooling,
            _ => State.Off,
        };

        public static bool operator ==(Thermostat a, Thermostat b) => ReferenceEquals(a, b);
        public static bool operator !=(Thermostat a, Thermostat b) => !(a == b);

        ~Thermostat()
        {
            Dispose();
        }

        public void Dispose() => wishes.Clear();
    }
}
