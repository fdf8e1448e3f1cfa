-- goto: a state machine for numbers, continue, retry, and a way out of nested loops.
local function classify(text)
    local position = 1
    local kind = "integer"
    local function peek()
        return text:sub(position, position)
    end
    ::start::
    if peek() == "-" or peek() == "+" then
        position = position + 1
    end
    if not peek():find("%d") then
        goto reject
    end
    ::digits::
    if peek():find("%d") then
        position = position + 1
        goto digits
    end
    if peek() == "." and kind == "integer" then
        kind = "decimal"
        position = position + 1
        goto digits
    end
    if peek():lower() == "e" and kind ~= "scientific" then
        kind = "scientific"
        position = position + 1
        goto start
    end
    if position > #text then
        goto accept
    end
    ::reject::
    do
        return "rejected at " .. position
    end
    ::accept::
    return kind
end
for _, text in ipairs({ "42", "-17", "3.25", "6.02e23", "1e-9", "", "x1", "1.2.3", "12a", "1e" }) do
    print("[" .. text .. "]", classify(text))
end

local primes = {}
for candidate = 2, 120 do
    for _, prime in ipairs(primes) do
        if prime * prime > candidate then
            break
        end
        if candidate % prime == 0 then
            goto continue
        end
    end
    primes[#primes + 1] = candidate
    ::continue::
end
print(#primes, primes[#primes])

local triple
for a = 1, 30 do
    for b = a, 30 do
        for c = b, 45 do
            if a * a + b * b == c * c and a + b + c == 60 then
                triple = { a, b, c }
                goto found
            end
        end
    end
end
::found::
print(triple and table.concat(triple, " ") or "none")

local attempts, closures = 0, {}
do
    ::retry::
    local fresh = attempts
    closures[#closures + 1] = function()
        return fresh
    end
    attempts = attempts + 1
    if attempts < 20 then
        goto retry
    end
end
local seen = {}
for i, closure in ipairs(closures) do
    seen[i] = closure()
end
print(table.concat(seen, ","))
