" Run by test_vim.py inside Vim: what a person would see, written as JSON to $HEATLINE_SEEN.
let s:seen = {}

function! s:Finish() abort
  call writefile([json_encode(s:seen)], $HEATLINE_SEEN)
  qall!
endfunction

function! s:Wait(what, condition) abort
  let l:left = 6000
  while l:left > 0 && !eval(a:condition)
    sleep 50m
    let l:left -= 1
  endwhile
  if l:left == 0
    let s:seen.failed = a:what
    call s:Finish()
  endif
endfunction

function! s:Diagnostics() abort
  return map(copy(ale#engine#GetLoclist(bufnr(''))), {_, d -> {
        \ 'line': d.lnum, 'first': d.col, 'last': d.end_col, 'severity': d.type, 'message': d.text,
        \ 'source': d.linter_name}})
endfunction

" What stands in a -c comes before the event that the snippet waits for.
doautocmd VimEnter
execute 'edit' fnameescape($HEATLINE_SAMPLE)
ALELint
call s:Wait('diagnostics', 'len(ale#engine#GetLoclist(bufnr(""))) == ' . $HEATLINE_LINES)
let s:seen.diagnostics = s:Diagnostics()

function! HoverText() abort
  for l:window in getwininfo()
    if getbufvar(l:window.bufnr, '&filetype') =~# '^ale-preview'
      return join(getbufline(l:window.bufnr, 1, '$'), "\n")
    endif
  endfor
  return ''
endfunction

call cursor(1, 1)
ALEHover
call s:Wait('the hover', '!empty(HoverText())')
let s:seen.hover = HoverText()
pclose

HeatlineToggle
call s:Wait('other numbers after the toggle',
      \ 'get(get(ale#engine#GetLoclist(bufnr("")), 0, {"text": ""}), "text") =~# "^unscaled"')
let s:seen.toggled = s:Diagnostics()
call s:Finish()
