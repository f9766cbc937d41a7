using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using TcpShell.Sockets;
using TcpShell.Tcp;

namespace TcpShell.Scripting;

/// <summary>What the TCP under test is like: everything in which stacks may differ, so that a script made for one of them can be run.</summary>
public sealed record ScriptProfile
{
    private static readonly JsonSerializerOptions s_format = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter() },
    };

    /// <summary>Linux as the public scripts expect it: what gtests' defaults.sh means.</summary>
    public static ScriptProfile Linux { get; } = Embedded("linux");

    /// <summary>The numbers that the RFCs name.</summary>
    public static ScriptProfile Rfc { get; } = Embedded("rfc");

    /// <summary>This module's own defaults, which labs use: <see cref="TcpSettings.Linux"/>.</summary>
    public static ScriptProfile Lab { get; } = Embedded("lab");

    /// <summary>Those that come with the product.</summary>
    public static IReadOnlyList<ScriptProfile> All { get; } = [Linux, Rfc, Lab];

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it stands for.</summary>
    public string Description { get; init; } = "";

    /// <summary>The settings of all connections; what a profile does not state is as in <see cref="TcpSettings.Linux"/>.</summary>
    public TcpSettings Settings { get; init; } = TcpSettings.Linux;

    /// <summary>What its sockets have in common; what a profile does not state is as in a new <see cref="SocketSettings"/>.</summary>
    public SocketSettings Sockets { get; init; } = new();

    /// <summary>
    /// Scripts that fail on the system which the profile stands for as well, so that their failing tells nothing: the ends of their paths, such as
    /// <c>ts_recent/invalid_ack.pkt</c>.
    /// </summary>
    public IReadOnlyList<string> SuspectScripts { get; init; } = [];

    /// <summary>Finds a profile that comes with the product.</summary>
    /// <param name="name">linux, rfc or lab.</param>
    /// <returns>The profile; null if there is none of that name.</returns>
    public static ScriptProfile? Find(string name) =>
        All.FirstOrDefault(profile => profile.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads a profile: a JSON object with <c>Name</c>, <c>Description</c> and <c>Settings</c>, whose members are those of
    /// <see cref="TcpSettings"/>, and <c>Sockets</c>, whose members are those of <see cref="SocketSettings"/>; and <c>SuspectScripts</c>.</summary>
    /// <param name="json">The profile.</param>
    /// <exception cref="FormatException">The text is no profile; the message says where and why.</exception>
    public static ScriptProfile Parse(string json)
    {
        try
        {
            using (var document = JsonDocument.Parse(json, new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }))
            {
                RequireDistinctMembers(document.RootElement);
            }

            ScriptProfile profile = JsonSerializer.Deserialize<ScriptProfile>(json, s_format) ?? throw new FormatException("A profile is a JSON object, not null.");
            if (profile is not { Name: not null, Description: not null, Settings: not null, Sockets: not null, SuspectScripts: not null } || profile.SuspectScripts.Contains(null!))
            {
                throw new FormatException("This is no profile: none of its members is null.");
            }

            profile.Settings.Validate();
            profile.Sockets.Validate();
            return profile;
        }
        catch (Exception wrong) when (wrong is JsonException or ArgumentException)
        {
            throw new FormatException($"This is no profile: {wrong.Message}", wrong);
        }
    }

    /// <summary>The profile as <see cref="Parse"/> reads it: what differs from <see cref="TcpSettings.Linux"/> and from a new <see cref="SocketSettings"/>.</summary>
    public string ToJson() => new JsonObject
    {
        ["Name"] = Name,
        ["Description"] = Description,
        ["Settings"] = Difference(Settings, TcpSettings.Linux),
        ["Sockets"] = Difference(Sockets, new SocketSettings()),
    }.ToJsonString(s_format);

    /// <summary>Whether a script is one of those that fail on the system which the profile stands for.</summary>
    internal bool Suspects(string? path)
    {
        string normal = "/" + path?.Replace('\\', '/');
        return SuspectScripts.Any(script => normal.EndsWith("/" + script, StringComparison.Ordinal));
    }

    /// <summary>Its name.</summary>
    public override string ToString() => Name;

    /// <summary>Of two members of one name the reader would take the last, and whoever wrote them may have meant the first.</summary>
    private static void RequireDistinctMembers(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (JsonProperty member in element.EnumerateObject())
        {
            if (!names.Add(member.Name))
            {
                throw new JsonException($"The member {member.Name} stands there twice.");
            }

            RequireDistinctMembers(member.Value);
        }
    }

    private static JsonObject Difference<T>(T settings, T usual)
    {
        JsonObject members = JsonSerializer.SerializeToNode(settings, s_format)!.AsObject();
        foreach ((string name, JsonNode? value) in JsonSerializer.SerializeToNode(usual, s_format)!.AsObject())
        {
            if (JsonNode.DeepEquals(value, members[name]))
            {
                members.Remove(name);
            }
        }

        return members;
    }

    private static ScriptProfile Embedded(string name)
    {
        using Stream stream = typeof(ScriptProfile).Assembly.GetManifestResourceStream($"TcpShell.Scripting.Profiles.{name}.json")!;
        using var reader = new StreamReader(stream);
        return Parse(reader.ReadToEnd());
    }
}
