-- utf8: code points, offsets, invalid sequences, and strings of several alphabets.
local samples = {
    "plain", "naïve café", "Ωμέγα", "日本語", "emoji 🙂🙃", "mixed é日🙂",
}
for _, text in ipairs(samples) do
    local points = {}
    for position, point in utf8.codes(text) do
        points[#points + 1] = ("%d:%X"):format(position, point)
    end
    print(#text, utf8.len(text), table.concat(points, " "))
end

local function reverse(text)
    local characters = {}
    for character in text:gmatch(utf8.charpattern) do
        table.insert(characters, 1, character)
    end
    return table.concat(characters)
end
for _, text in ipairs(samples) do
    local back = reverse(text)
    assert(reverse(back) == text)
    print(back)
end

print(utf8.char(72, 228, 8364, 128578), utf8.char(), #utf8.char(0x7FF, 0x800, 0xFFFF, 0x10000))
print(utf8.codepoint("日本語", 1, -1))
print(utf8.offset("日本語", 2), utf8.offset("日本語", -1),
    utf8.offset("abc", 5), utf8.offset("é", 0, 2))
print(utf8.len("bad \xff byte"), utf8.len("cut \xe6\x97"), utf8.len("\u{7FFFFFFF}", 1, -1, true))
print("\u{48}\u{20AC}\u{1F642}", "\x41\65\z
       joined", #"\u{0}")
local counts, order = {}, {}
for _, point in utf8.codes("abracadabra ααβ") do
    local character = utf8.char(point)
    if not counts[character] then
        counts[character] = 0
        order[#order + 1] = character
    end
    counts[character] = counts[character] + 1
end
for i, character in ipairs(order) do
    order[i] = character .. counts[character]
end
print(table.concat(order, " "))
