-- The benchmark script: an order book of about a thousand requests, made of small tables and
-- short strings, as a configuration or a game state is.
local book = { orders = {}, by_customer = {}, log = {} }

local function add_order(number, customer, items)
    local order = { number = number, customer = customer, lines = {}, total = 0 }
    for position, item in ipairs(items) do
        local line = { name = item, count = position, price = #item * 3 }
        order.lines[position] = line
        order.total = order.total + line.count * line.price
    end
    book.orders[number] = order
    local list = book.by_customer[customer]
    if not list then
        list = {}
        book.by_customer[customer] = list
    end
    list[#list + 1] = order
    book.log[#book.log + 1] = "order " .. number .. " of " .. customer
end

for number = 1, 46 do
    local items = {}
    for position = 1, 2 + number % 3 do
        items[position] = "item" .. (number * position) % 23
    end
    add_order(number, "customer" .. number % 9, items)
end

local cancelled = 0
for number = 5, 46, 11 do
    book.orders[number] = nil
    cancelled = cancelled + 1
end

local names = {}
for name in pairs(book.by_customer) do
    names[#names + 1] = name
end
table.sort(names)
for _, name in ipairs(names) do
    local sum, count = 0, 0
    for _, order in ipairs(book.by_customer[name]) do
        if book.orders[order.number] then
            sum = sum + order.total
            count = count + 1
        end
    end
    print(name, count, sum)
end
print("log", #book.log, book.log[1], book.log[#book.log], "cancelled", cancelled)
