-- load: expressions, environments, readers, dumped functions, syntax errors.
local function compile(text, environment)
    local chunk, problem = load(text, "=compiled", "t", environment)
    if not chunk then
        error(problem, 0)
    end
    return chunk
end

local sandbox = { math = { max = math.max }, answer = 42 }
print(compile("return answer + math.max(1, 2, 3)", sandbox)())
compile("made = answer * 2; function twice(x) return 2 * x end", sandbox)()
print(sandbox.made, sandbox.twice(8), rawget(_G, "made"))

local pieces = {
    "local a, b = ...", " local function add(x, y) ", "return x + y end ", "return add(a, b)",
}
local position = 0
local chunk, problem = load(function()
    position = position + 1
    return pieces[position]
end, "=reader")
if not chunk then
    error(problem, 0)
end
print(chunk(20, 22))

local dumped = string.dump(compile([[
    local n = ...
    local t = {} for i = 1, n do t[i] = i * i end return #t, t[n] ]]))
local undumped = load(dumped, "=dumped", "b")
if not undumped then
    error("not enough memory", 0)
end
print(type(dumped), undumped(9))

for _, text in ipairs({
    "return 1 +", "x = = 2", "goto nowhere", "return 'open", "for i = 1 do end",
}) do
    local broken, why = load(text, "=broken")
    if why:find("not enough memory", 1, true) then
        error(why, 0)
    end
    print(broken, why)
end

local operators = { "+", "-", "*", "//", "%", "~", "<<" }
local results = {}
for _, operator in ipairs(operators) do
    results[#results + 1] = compile("local a, b = ... return a " .. operator .. " b")(29, 5)
end
print(table.concat(results, " "))
print(select("#", compile("return ...")(1, nil, 3)), pcall(load, 12) == false)
