-- A chain of two __concat calls, the first of which needs a deep stack. Without a failure the stack
-- is deep already and stays where it is; after an error that pcall caught it has been shrunk.
collectgarbage("stop") -- a collection would shrink the stack as well
local function deepen(levels)
    return levels == 0 and 0 or 1 + deepen(levels - 1)
end

local Text = {}
Text.__concat = function(left, right)
    deepen(80)
    return left.text .. (type(right) == "table" and right.text or right)
end
local function text(value)
    return setmetatable({ text = value }, Text)
end
local first, second = text("first "), text("second")

deepen(200)
local ok = pcall(function()
    local rows = {}
    for i = 1, 5 do
        rows[i] = { i }
    end
end)
local joined = first .. second .. "!"
collectgarbage("restart")
if not ok then
    error("not enough memory", 0)
end
print(joined)
