-- Run by test_neovim.py inside Neovim: what a person would see, written as JSON to $HEATLINE_SEEN.
local PATIENCE_MS = 300000
local buf = vim.api.nvim_get_current_buf()
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

local function diagnostics()
  return vim.tbl_map(function(d)
    return {
      line = d.lnum, first = d.col, last = d.end_col, severity = d.severity,
      source = d.source, message = d.message, data = d.user_data.lsp.data,
    }
  end, vim.diagnostic.get(buf))
end

local function floating_window()
  for _, window in ipairs(vim.api.nvim_list_wins()) do
    if vim.api.nvim_win_get_config(window).relative ~= '' then
      return window
    end
  end
end

wait('the server to start', function()
  local client = vim.lsp.get_clients({ name = 'heatline', bufnr = buf })[1]
  return client ~= nil and client.initialized
end)
local client = vim.lsp.get_clients({ name = 'heatline', bufnr = buf })[1]
seen.encoding = client.offset_encoding

-- The file's scopes come one by one.
local lines = tonumber(os.getenv('HEATLINE_LINES'))
wait('diagnostics', function() return #vim.diagnostic.get(buf) == lines end)
seen.diagnostics = diagnostics()

local risky = vim.diagnostic.get(buf)[1]
vim.api.nvim_win_set_cursor(0, { risky.lnum + 1, risky.col })
vim.lsp.buf.hover()
wait('the hover window', function() return floating_window() ~= nil end)
seen.hover = table.concat(
  vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(floating_window()), 0, -1, false), '\n')

local namespace = vim.api.nvim_get_namespaces().heatline
local function heat()
  return vim.tbl_map(function(mark)
    return { line = mark[2], first = mark[3], last = mark[4].end_col, group = mark[4].hl_group }
  end, vim.api.nvim_buf_get_extmarks(buf, namespace, 0, -1, { details = true }))
end
-- So does the heat, after the diagnostics: it is whole when it has stayed as it is for a while.
local count, since = 0, 0
wait('heat', function()
  if #heat() ~= count then
    count, since = #heat(), vim.uv.now()
  end
  return count > 0 and vim.uv.now() - since > 2000
end)
seen.heat = heat()

local before = risky.message
vim.cmd('HeatlineToggle')
wait('other numbers after the toggle', function()
  local first = vim.diagnostic.get(buf)[1]
  return first ~= nil and first.message ~= before
end)
seen.toggled = diagnostics()

vim.cmd('HeatlineHeat')
seen.hidden = heat()
vim.cmd('HeatlineHeat')
wait('heat again', function() return #heat() > 0 end)

client:stop()
wait('the server to stop', function() return client:is_stopped() end)
finish()
