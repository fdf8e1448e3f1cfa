-- To-be-closed variables: on every way out of a block, in reverse order, in loops and coroutines.
local trace = {}
local function note(text)
    trace[#trace + 1] = text
end
local function guard(name)
    note("+" .. name)
    return setmetatable({}, { __close = function(_, problem)
        note("-" .. name .. (problem and "!" or ""))
    end })
end
local function flush(title)
    print(title, table.concat(trace, " "))
    trace = {}
end

do
    local a <close> = guard("a")
    local b <close> = guard("b")
    local constant <const> = 7
    note("body" .. constant)
end
flush("block")

local function early(n)
    local outer <close> = guard("outer")
    for i = 1, 10 do
        local inner <close> = guard("i" .. i)
        if i == n then
            return i * 10
        end
    end
end
print(early(3))
flush("return")

for i = 1, 3 do
    local step <close> = guard("s" .. i)
    if i == 2 then
        break
    end
end
flush("break")

local Expected = {}
local ok, problem = pcall(function()
    local x <close> = guard("x")
    local y <close> = guard("y")
    error(Expected)
end)
if problem ~= Expected then
    error(problem, 0)
end
flush("error")

local function iterate(limit)
    local closer = guard("iterator")
    return function(_, i)
        if i < limit then
            return i + 1
        end
    end, nil, 0, closer
end
for i in iterate(9) do
    if i == 4 then
        break
    end
    note("it" .. i)
end
flush("generic for")

local worker = coroutine.create(function()
    local w <close> = guard("worker")
    for i = 1, 5 do
        local job <close> = guard("job" .. i)
        coroutine.yield(i)
    end
end)
assert(coroutine.resume(worker))
assert(coroutine.resume(worker))
assert(coroutine.close(worker))
flush("coroutine")
local ignored <close> = nil
local nothing <close> = false
print(ok, ignored, nothing)
