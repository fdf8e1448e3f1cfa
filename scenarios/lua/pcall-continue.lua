-- A program that catches every error, memory errors too, and goes on: which jobs fail depends on
-- the failure, so the only thing printed is what must hold whatever happens.
local done, failed = 0, 0
local function job(number)
    local parts = {}
    for i = 1, 6 do
        parts[i] = { ("part %d of %d"):format(i, number) }
    end
    if #parts ~= 6 then
        error("lost a part")
    end
    done = done + 1
end

for number = 1, 25 do
    local ok = pcall(job, number)
    if not ok then
        failed = failed + 1
    end
end

-- Ends well exactly when every job was accounted for.
if done + failed ~= 25 then
    error("a job is missing")
end
print("every job is accounted for")
