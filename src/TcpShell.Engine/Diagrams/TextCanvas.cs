using System.Text;

namespace TcpShell.Diagrams;

/// <summary>How thick a line is.</summary>
internal enum LineWeight : byte
{
    None,
    Light,
    Heavy,
}

/// <summary>
/// A sheet of character cells. Lines that meet in a cell join to the right box-drawing character; text goes over lines. It grows with
/// what is drawn on it.
/// </summary>
internal sealed class TextCanvas(bool ascii)
{
    // Box-drawing characters by the weights of their arms: up + 3 * right + 9 * down + 27 * left.
    private const string Boxes = " ╵╹╶└┖╺┕┗╷│╿┌├┞┍┝┡╻╽┃┎┟┠┏┢┣╴┘┚─┴┸╼┶┺┐┤┦┬┼╀┮┾╄┒┧┨┰╁╂┲╆╊╸┙┛╾┵┹━┷┻┑┥┩┭┽╃┯┿╇┓┪┫┱╅╉┳╈╋";

    private readonly List<Cell[]> _rows = [];

    private enum Arm
    {
        Up,
        Right,
        Down,
        Left,
    }

    /// <summary>The head of an arrow that points right or left.</summary>
    public char Head(bool right) => ascii ? (right ? '>' : '<') : right ? '►' : '◄';

    /// <summary>The head of an arrow that points down or up.</summary>
    public char VerticalHead(bool down) => ascii ? (down ? 'v' : '^') : down ? '▼' : '▲';

    /// <summary>Text with a question mark for each character beyond ASCII, and for each that would move the cursor.</summary>
    public static string ToAscii(string text) => string.Concat(text.Select(character => character is < ' ' or > '~' ? '?' : character));

    /// <summary>Writes text over whatever is there. What lies left of the sheet is cut.</summary>
    public void Write(int row, int column, string text)
    {
        text = ascii ? ToAscii(text) : text;
        for (int i = 0; i < text.Length; i++)
        {
            if (column + i >= 0)
            {
                At(row, column + i).Text = text[i];
            }
        }
    }

    /// <summary>Draws a line through all cells from one column to another: their middles are joined.</summary>
    public void Horizontal(int row, int from, int to, LineWeight weight = LineWeight.Light)
    {
        (int left, int right) = from <= to ? (from, to) : (to, from);
        for (int column = left; column <= right; column++)
        {
            Extend(row, column, Arm.Left, column > left ? weight : LineWeight.None);
            Extend(row, column, Arm.Right, column < right ? weight : LineWeight.None);
        }
    }

    /// <summary>Draws a line through all cells from one row to another: their middles are joined.</summary>
    public void Vertical(int column, int from, int to, LineWeight weight = LineWeight.Light)
    {
        (int top, int bottom) = from <= to ? (from, to) : (to, from);
        for (int row = top; row <= bottom; row++)
        {
            Extend(row, column, Arm.Up, row > top ? weight : LineWeight.None);
            Extend(row, column, Arm.Down, row < bottom ? weight : LineWeight.None);
        }
    }

    /// <summary>Draws a whole vertical bar in one cell.</summary>
    public void Bar(int row, int column)
    {
        Extend(row, column, Arm.Up, LineWeight.Light);
        Extend(row, column, Arm.Down, LineWeight.Light);
    }

    /// <summary>Ends a vertical line that comes from above in the middle of a cell.</summary>
    public void FromAbove(int row, int column) => Extend(row, column, Arm.Up, LineWeight.Light);

    /// <summary>Begins a vertical line that goes down in the middle of a cell.</summary>
    public void ToBelow(int row, int column) => Extend(row, column, Arm.Down, LineWeight.Light);

    /// <summary>Draws a box around the cells between two corners.</summary>
    public void Box(int top, int left, int bottom, int right, LineWeight weight)
    {
        Horizontal(top, left, right, weight);
        Horizontal(bottom, left, right, weight);
        Vertical(left, top, bottom, weight);
        Vertical(right, top, bottom, weight);
    }

    /// <summary>The sheet as lines without trailing blanks, divided by line feeds.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (Cell[] row in _rows)
        {
            int start = text.Length;
            foreach (Cell cell in row)
            {
                text.Append(Character(cell));
            }

            while (text.Length > start && text[^1] == ' ')
            {
                text.Length--;
            }

            text.Append('\n');
        }

        return text.ToString().TrimEnd('\n');
    }

    private char Character(Cell cell)
    {
        if (cell.Text != default)
        {
            return cell.Text;
        }

        char box = Boxes[cell.Arms];
        return ascii ? AsciiBox(cell, box) : box switch
        {
            '┌' => '╭',
            '┐' => '╮',
            '└' => '╰',
            '┘' => '╯',
            _ => box,
        };
    }

    // Bends are drawn as a dot above and an apostrophe below; where more than two arms meet there is a plus.
    private static char AsciiBox(Cell cell, char box)
    {
        bool up = cell[Arm.Up] > 0;
        bool down = cell[Arm.Down] > 0;
        bool isHeavy = cell[Arm.Up] == LineWeight.Heavy || cell[Arm.Down] == LineWeight.Heavy
            || cell[Arm.Left] == LineWeight.Heavy || cell[Arm.Right] == LineWeight.Heavy;
        int sideways = (cell[Arm.Left] > 0 ? 1 : 0) + (cell[Arm.Right] > 0 ? 1 : 0);
        return (up, down, sideways) switch
        {
            _ when box == ' ' => ' ',
            (false, false, _) => isHeavy ? '=' : '-',
            (_, _, 0) => isHeavy ? '#' : '|',
            (false, true, 1) => isHeavy ? '#' : '.',
            (true, false, 1) => isHeavy ? '#' : '\'',
            _ => isHeavy ? '#' : '+',
        };
    }

    private void Extend(int row, int column, Arm arm, LineWeight weight)
    {
        ref Cell cell = ref At(row, column);
        if (weight > cell[arm])
        {
            cell[arm] = weight;
        }
    }

    private ref Cell At(int row, int column)
    {
        while (_rows.Count <= row)
        {
            _rows.Add([]);
        }

        Cell[] cells = _rows[row];
        if (cells.Length <= column)
        {
            Array.Resize(ref cells, Math.Max(column + 1, 128));
            _rows[row] = cells;
        }

        return ref cells[column];
    }

    private struct Cell
    {
        private static readonly int[] s_places = [1, 3, 9, 27];

        public char Text;

        public byte Arms;

        public LineWeight this[Arm arm]
        {
            readonly get => (LineWeight)(Arms / s_places[(int)arm] % 3);
            set => Arms = (byte)(Arms + (((int)value - (int)this[arm]) * s_places[(int)arm]));
        }
    }
}
