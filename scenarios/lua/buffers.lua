-- String buffers: concat, gsub with functions and tables, rep, and texts that outgrow the buffer
-- on the C stack, which then lives in a userdata of its own.
local words = {}
for i = 1, 36 do
    words[i] = "word" .. i
end
local text = table.concat(words, " ")
print(#text, text:sub(1, 24))
print(#text:rep(20, "\n"), #text:upper(), #text:reverse())

local counted = 0
local replaced = text:gsub("%d+", function(digits)
    counted = counted + 1
    local number = tonumber(digits)
    if number % 15 == 0 then
        return "fizzbuzz"
    elseif number % 3 == 0 then
        return ("<%d>"):format(number)
    end
end)
print(counted, #replaced, replaced:sub(-30))
print((replaced:gsub("%a+", { word = "w", fizzbuzz = "FB" })):sub(1, 60))
print(#text:gsub(".", "%0%0"), #text:gsub("", "-"), (text:gsub("(%a+)(%d+)", "%2%1", 3)):sub(1, 26))

local function escape(value)
    local entities = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;" }
    return (value:gsub("[&<>\"]", entities))
end
local html = { "<table>" }
for row = 1, 8 do
    local cells = {}
    for column = 1, 4 do
        cells[column] = "<td>" .. escape("<" .. row .. "&" .. column .. ">") .. "</td>"
    end
    html[#html + 1] = "<tr>" .. table.concat(cells) .. "</tr>"
end
html[#html + 1] = "</table>"
local page = table.concat(html, "\n")
print(#page, page:sub(1, 40):gsub("\n", "/"))

local pieces = {}
for line in page:gmatch("<tr>(.-)</tr>") do
    pieces[#pieces + 1] = #line
end
print(table.concat(pieces, "+", 2, 6), #table.concat({}, ","),
    string.format("%s", ("long"):rep(300)):len())
local built = ""
for i = 1, 40 do
    built = built .. i .. ","
end
print(#built, built:sub(-9))
