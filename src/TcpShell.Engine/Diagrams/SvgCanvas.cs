using System.Globalization;
using System.Security;
using System.Text;

namespace TcpShell.Diagrams;

/// <summary>An SVG document that grows by lines, texts and paths. The same calls give the same text on every machine.</summary>
internal sealed class SvgCanvas
{
    /// <summary>The colour of texts and axes.</summary>
    public const string Ink = "#333333";

    /// <summary>The colour of lines that stand back.</summary>
    public const string Faint = "#e5e5e5";

    private readonly StringBuilder _svg = new();

    /// <summary>Begins a document of a size in pixels, on white.</summary>
    public SvgCanvas(int width, int height)
    {
        _svg.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" ");
        _svg.Append("font-family=\"sans-serif\" font-size=\"12\">\n");
        _svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n");
    }

    /// <summary>A coordinate: tenths of a pixel are enough for any screen, and keep long paths short.</summary>
    public static string Number(double value) => Math.Round(value, 1).ToString("0.#", CultureInfo.InvariantCulture);

    public void Line(double x1, double y1, double x2, double y2, string colour, string attributes = "") =>
        _svg.Append($"<line x1=\"{Number(x1)}\" y1=\"{Number(y1)}\" x2=\"{Number(x2)}\" y2=\"{Number(y2)}\" stroke=\"{colour}\"{Spaced(attributes)}/>\n");

    public void Text(double x, double y, string text, string attributes = "", string colour = Ink) =>
        _svg.Append($"<text x=\"{Number(x)}\" y=\"{Number(y)}\" fill=\"{colour}\"{Spaced(attributes)}>{SecurityElement.Escape(Printable(text))}</text>\n");

    public void Bar(double x, double y, double width, double height, string colour) =>
        _svg.Append($"<rect x=\"{Number(x)}\" y=\"{Number(y)}\" width=\"{Number(width)}\" height=\"{Number(height)}\" fill=\"{colour}\"/>\n");

    public void Dot(string x, string y, string colour) => _svg.Append($"<circle cx=\"{x}\" cy=\"{y}\" r=\"2.5\" fill=\"{colour}\"/>\n");

    public void Path(string path, string attributes) => _svg.Append($"<path d=\"{path}\"{Spaced(attributes)}/>\n");

    /// <summary>What follows is drawn that much further down, until <see cref="EndShift"/>.</summary>
    public void BeginShift(double down) => _svg.Append($"<g transform=\"translate(0 {Number(down)})\">\n");

    public void EndShift() => _svg.Append("</g>\n");

    /// <summary>The whole document; nothing can be drawn after it.</summary>
    public string End() => _svg.Append("</svg>\n").ToString();

    private static string Spaced(string attributes) => attributes.Length > 0 ? " " + attributes : "";

    // XML has no place for most control characters, not even escaped; a comment of a capture may have them.
    private static string Printable(string text) => text.Any(char.IsControl) ? string.Concat(text.Select(letter => char.IsControl(letter) ? ' ' : letter)) : text;
}
