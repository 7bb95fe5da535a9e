-- Run by test_neovim_old.py inside Neovim 0.7: what a person would see, written as JSON to $HEATLINE_SEEN.
local PATIENCE_MS = 300000
local seen = {}

local function finish()
  local file = assert(io.open(os.getenv('HEATLINE_SEEN'), 'w'))
  file:write(vim.json.encode(seen))
  file:close()
  vim.cmd('qa!')
end

local function wait(what, condition)
  if not vim.wait(PATIENCE_MS, condition, 20) then
    seen.failed = what
    finish()
  end
end

vim.cmd('edit ' .. os.getenv('HEATLINE_SAMPLE'))
vim.cmd('setfiletype python')
local buf = vim.api.nvim_get_current_buf()

local function diagnostics()
  return vim.tbl_map(function(d)
    return { line = d.lnum, first = d.col, last = d.end_col, severity = d.severity, message = d.message }
  end, vim.diagnostic.get(buf))
end

wait('diagnostics', function()
  return #vim.diagnostic.get(buf) == tonumber(os.getenv('HEATLINE_LINES'))
end)
seen.diagnostics = diagnostics()

vim.api.nvim_win_set_cursor(0, { 1, 0 })
vim.lsp.buf.hover()
local function floating_text()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return table.concat(vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(window), 0, -1, false), '\n')
    end
  end
end
wait('the hover window', function() return floating_text() ~= nil end)
seen.hover = floating_text()

vim.cmd('HeatlineToggle')
wait('other numbers after the toggle', function()
  local first = vim.diagnostic.get(buf)[1]
  return first ~= nil and first.message:find('unscaled', 1, true) == 1
end)
seen.toggled = diagnostics()
vim.lsp.stop_client(vim.lsp.get_active_clients())
finish()
