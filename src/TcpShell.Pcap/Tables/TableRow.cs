using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Text;

namespace TcpShell.Pcap.Tables;

/// <summary>Reads rows of tables back: the way round of <see cref="TableFile{TRow}"/>.</summary>
public static class TableRow
{
    private static readonly ConcurrentDictionary<Type, Field[]> s_fields = new();

    /// <summary>Reads a row.</summary>
    /// <typeparam name="TRow">What a row is, such as <see cref="ConversationData"/>.</typeparam>
    /// <param name="value">Gives what stands in a column: a number, a text or a truth value; null or an empty text where nothing does. Columns that are not there keep their defaults.</param>
    /// <exception cref="FormatException">A value cannot be what its column is.</exception>
    public static TRow Read<TRow>(Func<string, object?> value)
        where TRow : class, new()
    {
        ArgumentNullException.ThrowIfNull(value);
        return (TRow?)Read(typeof(TRow), "", name => value(name) is { } known && !"".Equals(known) ? known : null) ?? new();
    }

    /// <summary>What the column of a property is called: <c>client_port</c> of <c>ClientPort</c>.</summary>
    internal static string ColumnOf(PropertyInfo property)
    {
        var text = new StringBuilder();
        foreach (char letter in property.Name)
        {
            text.Append(char.IsUpper(letter) && text.Length > 0 ? "_" : "").Append(char.ToLowerInvariant(letter));
        }

        return text.ToString();
    }

    // Null if no column of it has anything.
    private static object? Read(Type type, string prefix, Func<string, object?> value)
    {
        object row = Activator.CreateInstance(type)!;
        bool isThere = false;
        foreach (Field field in s_fields.GetOrAdd(type, FieldsOf))
        {
            string column = prefix + field.Column;
            object? read = field.IsNested ? Read(field.Type, column + "_", value) : value(column) is { } known ? Convert(known, field.Type, column) : null;
            if (read is not null)
            {
                field.Property.SetValue(row, read);
                isThere = true;
            }
        }

        return isThere ? row : null;
    }

    private static Field[] FieldsOf(Type type) => [.. type.GetProperties().Where(property => property.CanWrite).Select(property =>
    {
        Type inner = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        string suffix = inner == typeof(Timestamp) || inner == typeof(TimeSpan) ? "_ns" : "";
        return new Field(property, inner, ColumnOf(property) + suffix, IsNested: inner.Namespace == typeof(TableRow).Namespace && inner.IsClass);
    })];

    private static object Convert(object value, Type type, string column)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        try
        {
            return type == typeof(Timestamp) ? new Timestamp(System.Convert.ToInt64(value, invariant))
                : type == typeof(TimeSpan) ? new TimeSpan(System.Convert.ToInt64(value, invariant) / 100)
                : type.IsEnum ? Enum.Parse(type, System.Convert.ToString(value, invariant)!, ignoreCase: true)
                : System.Convert.ChangeType(value, type, invariant);
        }
        catch (Exception wrong) when (wrong is InvalidCastException or OverflowException or ArgumentException or FormatException)
        {
            throw new FormatException($"'{value}' cannot be the value of {column}.", wrong);
        }
    }

    private sealed record Field(PropertyInfo Property, Type Type, string Column, bool IsNested);
}
