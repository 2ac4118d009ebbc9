-- What pandoc does for the site's page: equations as MathML, numbers of figures and tables, links between them as text.

local numbers = { Figure = 0, Table = 0 }

local function caption(kind, el)
  numbers[kind] = numbers[kind] + 1
  local text = pandoc.utils.blocks_to_inlines(el.caption.long)
  return pandoc.Para({ pandoc.Strong(kind .. ' ' .. numbers[kind]), pandoc.Str('.'), pandoc.Space(), table.unpack(text) })
end

local function exists(path)
  local file = io.open(path)
  return file and file:close()
end

function Math(el)
  local page = pandoc.Pandoc({ pandoc.Plain({ el }) })
  local html = pandoc.write(page, 'html', { html_math_method = 'mathml' })
  return pandoc.RawInline('html', (html:gsub('<annotation.-</annotation>', '')))
end

function Figure(el)
  local source
  el:walk({ Image = function(image) source = image.src end })
  local recorded = 'experiments/results/' .. source .. '.png'
  local place = exists(recorded) and '../../' .. recorded or source .. '.png'
  local below = caption('Figure', el)
  return { pandoc.Para({ pandoc.Image('Figure ' .. numbers.Figure, place) }), below }
end

function Table(el)
  local above = caption('Table', el)
  el.caption, el.attr = { long = {}, short = nil }, pandoc.Attr()
  return { above, el }
end

function Div(el)
  return el.content
end

function Link(el)
  if el.attributes['reference'] then return el.content end
end

-- Inner elements before those around them: equations in captions are rendered when these are taken.
return { { Math = Math, Link = Link }, { Figure = Figure, Table = Table, Div = Div } }
