using System.Globalization;
using System.Text;
using TcpShell.Text;

namespace TcpShell.GoodputMatrix;

/// <summary>The matrix as a table of text: a line for each link and sender, a column for each probability of loss.</summary>
public static class MatrixText
{
    /// <summary>Writes the table.</summary>
    /// <param name="shares">The goodput of each cell.</param>
    public static string Write(IReadOnlyDictionary<Cell, double> shares)
    {
        var text = new StringBuilder("Goodput in percent of the link\n\nbandwidth  RTT     sender             ");
        foreach (double loss in Cell.Losses)
        {
            text.Append($"{Percent(loss)} loss".PadLeft(12));
        }

        text.Append('\n');
        foreach (IGrouping<(long, int), Cell> link in shares.Keys.GroupBy(cell => (cell.Bandwidth, cell.RoundTripMilliseconds)))
        {
            text.Append('\n');
            foreach (IGrouping<string, Cell> row in link.GroupBy(cell => cell.Sender))
            {
                text.Append(Head(row.First()));
                foreach (Cell cell in row)
                {
                    text.Append(Entry(shares[cell]).PadLeft(12));
                }

                text.Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>What a line says of its link and sender.</summary>
    /// <param name="cell">A cell of the line.</param>
    public static string Head(Cell cell) => $"{BandwidthText.Format(cell.Bandwidth),-11}{$"{cell.RoundTripMilliseconds} ms",-8}{cell.Sender,-19}";

    /// <summary>One number of the table.</summary>
    /// <param name="share">A share of 1.</param>
    public static string Entry(double share) => (share * 100).ToString("0.00", CultureInfo.InvariantCulture);

    /// <summary>A probability as people write it.</summary>
    /// <param name="loss">0 to 1.</param>
    public static string Percent(double loss) => $"{(loss * 100).ToString("0.###", CultureInfo.InvariantCulture)} %";
}
