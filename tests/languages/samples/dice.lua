-- Rolls dice written as "3d6+2".

local M = {}

local function parse(text)
  local count, sides, bonus = text:match("^(%d*)d(%d+)([+-]?%d*)$")
  if not sides then
    return nil, "not a roll: " .. text
  end
  return {
    count = tonumber(count) or 1,
    sides = tonumber(sides),
    bonus = tonumber(bonus) or 0,
  }
end

function M.roll(text, random)
  local dice, problem = parse(text)
  if not dice then
    error(problem)
  end
  random = random or math.random
  local total = dice.bonus
  for _ = 1, dice.count do
    total = total + random(dice.sides)
  end
  return total
end

function M.mean(text)
  local dice = assert(parse(text))
  return dice.count * (dice.sides + 1) / 2 + dice.bonus
end

function M.table(text, rolls)
  local seen = {}
  for _ = 1, rolls do
    local total = M.roll(text)
    seen[total] = (seen[total] or 0) + 1
  end

  local lines = {}
  for total, times in pairs(seen) do
    lines[#lines + 1] = string.format("%3d %s", total, string.rep("*", times))
  end
  table.sort(lines)
  return table.concat(lines, "\n")
end

if arg and arg[0] and arg[0]:match("dice%.lua$") then
  local text = arg[1] or "2d6"
  print(M.table(text, 100))
  print("mean", M.mean(text))
end

return M
