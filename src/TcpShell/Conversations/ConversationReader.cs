using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using TcpShell.Pcap.Analysis;
using TcpShell.Pcap.Tables;

namespace TcpShell.Conversations;

/// <summary>Reads conversations whatever way they came: as an analysis made them, as plain data, as what remoting and jobs make of either, or as a row of a table.</summary>
internal static class ConversationReader
{
    private static readonly string[] s_types = [typeof(TcpConversation).FullName!, typeof(ConversationData).FullName!];

    /// <summary>Reads one.</summary>
    /// <param name="input">What came down the pipeline.</param>
    /// <returns>Null if it is no conversation.</returns>
    public static ConversationData? Read(PSObject input) => input.BaseObject switch
    {
        TcpConversation conversation => ConversationData.From(conversation) with { Host = Environment.MachineName },
        ConversationData data => data,
        _ when IsDeserialized(input) => (ConversationData)Read(input, typeof(ConversationData)),
        PSCustomObject when input.Properties["client_address"] is not null => ReadRow(input),
        _ => null,
    };

    /// <summary>Whether its segments can be read again: it is from files, and they have something. A pipe has nothing any more, and waiting for it would be in vain.</summary>
    /// <param name="conversation">A conversation of this process.</param>
    public static bool CanReadAgain(TcpConversation conversation) =>
        conversation.Files.Count > 0 && conversation.Files.All(file => new FileInfo(file) is not { Exists: true, Length: 0 });

    // A row of a table of Export-TcpConversation, as ConvertFrom-Json and Import-Csv give it.
    private static ConversationData? ReadRow(PSObject input)
    {
        try
        {
            return TableRow.Read<ConversationData>(column => input.Properties[column]?.Value);
        }
        catch (FormatException)
        {
            return null;
        }
    }

    // On the way every name got the prefix "Deserialized.", once or, over several hops, more often.
    private static bool IsDeserialized(PSObject input) =>
        input.TypeNames.Any(name => name.StartsWith("Deserialized.", StringComparison.Ordinal) && s_types.Contains(name[(name.LastIndexOf("Deserialized.", StringComparison.Ordinal) + "Deserialized.".Length)..]));

    private static object Read(PSObject source, Type type)
    {
        object data = Activator.CreateInstance(type)!;
        foreach (PropertyInfo property in type.GetProperties().Where(property => property.CanWrite))
        {
            object? value = Find(source, FromAttribute.PathOf(property)) ?? Find(source, property.Name);
            if (value is not null)
            {
                property.SetValue(data, Convert(value, Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType));
            }
        }

        // The machine on which it was read is what remoting says of it.
        if (data is ConversationData { Host: "" } conversation && Find(source, "PSComputerName") is { } host)
        {
            return conversation with { Host = host.ToString() ?? "" };
        }

        return data;
    }

    private static object? Find(PSObject source, string path)
    {
        object? found = source;
        foreach (string name in path.Split('.'))
        {
            found = found is null ? null : PSObject.AsPSObject(found).Properties[name]?.Value;
        }

        return found;
    }

    private static object Convert(object value, Type type)
    {
        var wrapped = PSObject.AsPSObject(value);
        if (type == typeof(string))
        {
            return wrapped.BaseObject as string ?? (wrapped.BaseObject is IList list ? string.Join(';', list.Cast<object>()) : wrapped.ToString());
        }

        if (type == typeof(Timestamp))
        {
            object? nanoseconds = wrapped.BaseObject is Timestamp time ? time.Nanoseconds : wrapped.Properties["Nanoseconds"]?.Value;
            return new Timestamp(nanoseconds is null ? Nanoseconds(wrapped.ToString()) : LanguagePrimitives.ConvertTo<long>(nanoseconds));
        }

        return type.Namespace == typeof(ConversationData).Namespace && type.IsClass ? Read(wrapped, type) : LanguagePrimitives.ConvertTo(wrapped.BaseObject, type, CultureInfo.InvariantCulture);
    }

    // What is left of a time that was not taken along whole: seconds with six or nine decimals.
    private static long Nanoseconds(string seconds) => (long)(decimal.Parse(seconds, CultureInfo.InvariantCulture) * 1_000_000_000);
}
