#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

using std::size_t;

namespace maze {

enum class Cell : char { wall = '#', floor = ' ', start = 'S', goal = 'G' };

struct Place {
    size_t row = 0;
    size_t column = 0;
    bool operator==(const Place &other) const { return row == other.row && column == other.column; }
};

template <typename T>
class Grid {
public:
    Grid(size_t rows, size_t columns, T value = T{}) : columns_(columns), cells_(rows * columns, value) {}

    T &at(Place place) { return cells_.at(place.row * columns_ + place.column); }

    [[nodiscard]] size_t rows() const noexcept
    {
        return columns_ == 0 ? 0 : cells_.size() / columns_;
    }

private:
    size_t columns_;
    std::vector<T> cells_;
};

template <typename T, typename F>
void for_each_neighbour(const Grid<T> &grid, Place place, F &&visit)
{
    static constexpr int steps[4][2] = {{0, 1}, {1, 0}, {0, -1}, {-1, 0}};
    for (auto [down, right] : steps) {
        const auto row = static_cast<long>(place.row) + down;
        const auto column = static_cast<long>(place.column) + right;
        if (row >= 0 && column >= 0 && row < static_cast<long>(grid.rows()))
            visit(Place{static_cast<size_t>(row), static_cast<size_t>(column)});
    }
}

Grid<Cell> parse(const std::string &text)
{
    const auto width = text.find('\n');
    if (width == std::string::npos)
        throw std::invalid_argument("a maze has more than one line");
    Grid<Cell> grid(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')), width, Cell::wall);
    Place place;
    for (char c : text) {
        if (c == '\n') {
            place = {place.row + 1, 0};
            continue;
        }
        grid.at(place) = static_cast<Cell>(c);
        ++place.column;
    }
    return grid;
}

} // namespace maze

extern "C" int maze_version() { return 3; }

const char *banner = R"(
  S  # maze
)";

int main()
{
    auto grid = maze::parse("S G\n###\n");
    return grid.rows() == 2 ? 0 : 1;
}
