-- Sorting: numbers, strings, records by several keys, a stable merge sort, a heap.
local state = 12345
local function next_number(limit)
    state = (state * 1103515245 + 12345) % 2147483648
    return state // 65536 % limit
end

local numbers = {}
for i = 1, 80 do
    numbers[i] = next_number(1000)
end
table.sort(numbers)
for i = 2, #numbers do
    assert(numbers[i - 1] <= numbers[i])
end
print("numbers", numbers[1], numbers[40], numbers[80])
table.sort(numbers, function(a, b)
    return a > b
end)
print("descending", numbers[1], numbers[80])

local words = {}
local text = "the sweep fails each request once and then looks at what the program did"
for word in text:gmatch("%a+") do
    words[#words + 1] = word
end
table.sort(words)
print(table.concat(words, " "))
table.sort(words, function(a, b)
    return #a ~= #b and #a > #b or #a == #b and a < b
end)
print(table.concat(words, " "))

local records = {}
for i = 1, 20 do
    records[i] = { group = next_number(4), name = "r" .. next_number(100), order = i }
end
local function merge_sort(list, is_before)
    if #list < 2 then
        return list
    end
    local middle = #list // 2
    local left = merge_sort(table.move(list, 1, middle, 1, {}), is_before)
    local right = merge_sort(table.move(list, middle + 1, #list, 1, {}), is_before)
    local merged, i, j = {}, 1, 1
    while i <= #left or j <= #right do
        if j > #right or (i <= #left and not is_before(right[j], left[i])) then
            merged[#merged + 1] = left[i]
            i = i + 1
        else
            merged[#merged + 1] = right[j]
            j = j + 1
        end
    end
    return merged
end
local sorted = merge_sort(records, function(a, b)
    return a.group < b.group
end)
for i = 2, #sorted do
    assert(sorted[i - 1].group < sorted[i].group or sorted[i - 1].order < sorted[i].order)
end
print("stable", sorted[1].name, sorted[10].name, sorted[20].name)

local heap = {}
local function push(value)
    heap[#heap + 1] = value
    local i = #heap
    while i > 1 and heap[i // 2] > heap[i] do
        heap[i // 2], heap[i] = heap[i], heap[i // 2]
        i = i // 2
    end
end
local function pop()
    local top, last = heap[1], table.remove(heap)
    if #heap > 0 then
        heap[1] = last
        local i = 1
        while true do
            local least = i
            for child = 2 * i, math.min(2 * i + 1, #heap) do
                if heap[child] < heap[least] then
                    least = child
                end
            end
            if least == i then
                break
            end
            heap[i], heap[least] = heap[least], heap[i]
            i = least
        end
    end
    return top
end
for _ = 1, 20 do
    push(next_number(500))
end
local drained = {}
while #heap > 0 do
    drained[#drained + 1] = pop()
end
print("heap", #drained, drained[1], drained[10], drained[20])
