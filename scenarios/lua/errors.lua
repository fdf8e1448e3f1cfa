-- Error objects: typed errors, nested protected calls, handlers, rethrowing. What a handler does
-- not know (so also a memory error) goes on upwards.
local ParseError = {}
ParseError.__index = ParseError
ParseError.__tostring = function(self)
    return self.file .. ":" .. self.line .. ": " .. self.text
end

local function throw(line, text)
    error(setmetatable({ file = "config", line = line, text = text }, ParseError))
end

local function parse_line(line, number)
    local key, value = line:match("^(%w+)=(%w+)$")
    if not key then
        throw(number, "expected key=value, got '" .. line .. "'")
    end
    return key, tonumber(value) or throw(number, "'" .. value .. "' is no number")
end

-- Returns true and results, or false and a ParseError; other errors pass.
local function try(body, ...)
    local results = table.pack(pcall(body, ...))
    local ok, problem = results[1], results[2]
    if not ok and getmetatable(problem) ~= ParseError then
        error(problem, 0)
    end
    return table.unpack(results, 1, results.n)
end

local lines = { "a=1", "b", "c=3", "d=four", "e=5", "=", "f=6" }
local values, problems = {}, {}
for number, line in ipairs(lines) do
    local ok, key, value = try(parse_line, line, number)
    if ok then
        values[#values + 1] = key .. value
    else
        problems[#problems + 1] = tostring(key)
    end
end
print(table.concat(values, " "))
for _, problem in ipairs(problems) do
    print(problem)
end

local function level(depth)
    if depth == 0 then
        throw(99, "from the bottom")
    end
    local ok, problem = try(level, depth - 1)
    assert(not ok)
    problem.line = problem.line - 1
    error(problem, 0)
end
local ok, problem = try(level, 12)
print(ok, problem.line, problem)

local handled, message = xpcall(function()
    local nothing
    return nothing.field
end, function(text)
    return "handled: " .. text
end)
if message:find("not enough memory", 1, true) then
    error("not enough memory", 0)
end
print(handled, message)
local _, own = try(function()
    throw(1, ("long text "):rep(10))
end)
print(#own.text, own.file, select("#", try(function() end)), (select(2, try(select, -1, "x"))))
