// Measures the matrix in virtual time and writes tests/snapshots/goodput-matrix.txt and docs/goodput-matrix.svg. It takes a few minutes:
//     dotnet run -c Release --project benchmarks/GoodputMatrix
using TcpShell.GoodputMatrix;

var shares = new Dictionary<Cell, double>();
foreach (Cell cell in Cell.All)
{
    shares.Add(cell, cell.Measure());
    Console.WriteLine($"{MatrixText.Head(cell)}{MatrixText.Percent(cell.Loss),-8}{MatrixText.Entry(shares[cell])}");
}

string root = AppContext.BaseDirectory;
while (!File.Exists(Path.Combine(root, "TcpShell.sln")))
{
    root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("No folder above has TcpShell.sln.");
}

File.WriteAllText(Path.Combine(root, "tests", "snapshots", "goodput-matrix.txt"), MatrixText.Write(shares));
File.WriteAllText(Path.Combine(root, "docs", "goodput-matrix.svg"), MatrixPlot.Draw(shares));
