using System.Globalization;
using System.Text;
using TcpShell.Pcap.Analysis;

namespace TcpShell.Pcap.Streams;

/// <summary>How streams are written.</summary>
public enum StreamFormat
{
    /// <summary>The octets as they are.</summary>
    Raw,

    /// <summary>As UTF-8 text; what cannot be shown is a dot.</summary>
    Text,

    /// <summary>As text with who says what and when: each line begins with &gt; (client) or &lt; (server).</summary>
    Dialogue,
}

/// <summary>Which direction of a conversation is meant.</summary>
public enum StreamSide
{
    /// <summary>Both, in the order in which their octets became complete.</summary>
    Both,

    /// <summary>What the client sent.</summary>
    Client,

    /// <summary>What the server sent.</summary>
    Server,
}

/// <summary>
/// Writes the streams of octets of conversations. A gap is marked in every format with Wireshark's words, so that nobody takes what comes after it
/// for what follows: <c>[1448 bytes missing in capture file]</c>; or <c>[1448 bytes not waited for]</c> where too much came behind it, and they may
/// stand later in the capture.
/// </summary>
public sealed class StreamExport
{
    private readonly Stream _output;
    private readonly StreamFormat _format;
    private readonly StreamSide _side;
    private readonly Decoder _client = Encoding.UTF8.GetDecoder();
    private readonly Decoder _server = Encoding.UTF8.GetDecoder();
    private readonly StringBuilder _text = new();
    private Timestamp _start;
    private bool? _speaker;
    private bool _isLineOpen;

    /// <summary>Begins.</summary>
    /// <param name="output">Where the octets go.</param>
    /// <param name="format">How they are written.</param>
    /// <param name="side">Which direction.</param>
    public StreamExport(Stream output, StreamFormat format, StreamSide side = StreamSide.Both)
    {
        ArgumentNullException.ThrowIfNull(output);
        _output = output;
        _format = format;
        _side = side;
    }

    /// <summary>Octets that are missing in what was written.</summary>
    public long Missing { get; private set; }

    /// <summary>Those of them that were not waited for.</summary>
    public long GivenUp { get; private set; }

    /// <summary>A conversation begins: in a dialogue it has a head line, and times count from its first segment.</summary>
    /// <param name="conversation">The conversation.</param>
    public void Begin(TcpConversation conversation)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        _start = conversation.Start;
        _speaker = null;
        _client.Reset();
        _server.Reset();
        if (_format == StreamFormat.Dialogue)
        {
            _text.Append($"# {conversation}\n");
            WriteText();
        }
    }

    /// <summary>Writes a piece of the stream, if it is of a direction that is wanted.</summary>
    /// <param name="piece">The piece.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(StreamPiece piece)
    {
        if (_side == (piece.IsFromClient ? StreamSide.Server : StreamSide.Client))
        {
            return;
        }

        Missing += piece.Missing;
        GivenUp += piece.IsGivenUp ? piece.Missing : 0;
        if (_format == StreamFormat.Raw)
        {
            _output.Write(piece.IsGap ? Encoding.ASCII.GetBytes(GapText(piece)) : piece.Data.Span);
            return;
        }

        if (_format == StreamFormat.Dialogue && _speaker != piece.IsFromClient)
        {
            string time = new Timestamp(piece.Time.Nanoseconds - _start.Nanoseconds).ToString();
            EndLine();
            _text.Append(CultureInfo.InvariantCulture, $"\n--- {time} {(piece.IsFromClient ? "client" : "server")}, from octet {piece.Offset}\n");
        }

        _speaker = piece.IsFromClient;
        AppendText(piece);
        WriteText();
    }

    /// <summary>A conversation ends: a line that is open is closed.</summary>
    public void End()
    {
        if (_format == StreamFormat.Dialogue)
        {
            EndLine();
            WriteText();
        }
    }

    private static string GapText(StreamPiece piece) => string.Create(CultureInfo.InvariantCulture, $"[{piece.Missing} bytes {(piece.IsGivenUp ? "not waited for" : "missing in capture file")}]");

    private void AppendText(StreamPiece piece)
    {
        if (piece.IsGap)
        {
            AppendLetters(GapText(piece), piece.IsFromClient);
            return;
        }

        // A letter of several octets may be cut by a segment's end: the decoder keeps its first half.
        Decoder decoder = piece.IsFromClient ? _client : _server;
        var letters = new char[decoder.GetCharCount(piece.Data.Span, flush: false)];
        int count = decoder.GetChars(piece.Data.Span, letters, flush: false);
        AppendLetters(letters.AsSpan(0, count), piece.IsFromClient);
    }

    private void AppendLetters(ReadOnlySpan<char> letters, bool isFromClient)
    {
        foreach (char letter in letters)
        {
            if (_format == StreamFormat.Dialogue && !_isLineOpen)
            {
                _text.Append(isFromClient ? "> " : "< ");
                _isLineOpen = true;
            }

            // In a dialogue a line ends with LF alone; CR goes with it and says nothing more.
            if (letter == '\n')
            {
                _text.Append('\n');
                _isLineOpen = false;
            }
            else if (letter != '\r' || _format == StreamFormat.Text)
            {
                _text.Append(char.IsControl(letter) && letter is not ('\t' or '\r') ? '.' : letter);
            }
        }
    }

    private void EndLine()
    {
        if (_isLineOpen)
        {
            _text.Append('\n');
            _isLineOpen = false;
        }
    }

    private void WriteText()
    {
        foreach (ReadOnlyMemory<char> chunk in _text.GetChunks())
        {
            _output.Write(Encoding.UTF8.GetBytes(chunk.ToArray()));
        }

        _text.Clear();
    }
}
