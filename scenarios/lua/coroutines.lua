-- Coroutines: generators, a producer and a consumer, a scheduler, early closing.
local function values(from, to)
    return coroutine.wrap(function()
        for i = from, to do
            coroutine.yield(i)
        end
    end)
end
local sum = 0
for value in values(1, 20) do
    sum = sum + value
end
print("generator", sum)

local function permutations(list, count)
    count = count or #list
    if count <= 1 then
        coroutine.yield(list)
    else
        for i = 1, count do
            list[count], list[i] = list[i], list[count]
            permutations(list, count - 1)
            list[count], list[i] = list[i], list[count]
        end
    end
end
local shown = {}
for list in coroutine.wrap(function()
    permutations({ "a", "b", "c" })
end) do
    shown[#shown + 1] = table.concat(list)
end
print("permutations", table.concat(shown, " "))

-- A round-robin scheduler. An error in a task is an error of the program.
local tasks, trace = {}, {}
local function spawn(name, steps)
    tasks[#tasks + 1] = coroutine.create(function()
        for step = 1, steps do
            trace[#trace + 1] = name .. step
            coroutine.yield()
        end
        return name
    end)
end
spawn("red", 3)
spawn("green", 1)
spawn("blue", 2)
local finished = {}
while #tasks > 0 do
    local task = table.remove(tasks, 1)
    local ok, result = coroutine.resume(task)
    if not ok then
        error(result, 0)
    elseif coroutine.status(task) == "dead" then
        finished[#finished + 1] = result
    else
        tasks[#tasks + 1] = task
    end
end
print("trace", table.concat(trace, " "))
print("finished", table.concat(finished, " "))

local echo = coroutine.create(function(...)
    local got = { ... }
    while #got > 0 do
        got = { coroutine.yield(table.unpack(got)) }
    end
    return "silence"
end)
local function say(...)
    return select(2, assert(coroutine.resume(echo, ...)))
end
print("echo", say("one", "two"), say("three"), say())

local abandoned = coroutine.create(function()
    local held <close> = setmetatable({}, { __close = function()
        trace[#trace + 1] = "closed"
    end })
    coroutine.yield(held)
end)
assert(coroutine.resume(abandoned))
print("close", coroutine.close(abandoned), trace[#trace], coroutine.status(abandoned))
print("main", coroutine.isyieldable(), select(2, coroutine.running()))
