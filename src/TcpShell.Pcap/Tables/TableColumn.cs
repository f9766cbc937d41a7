using System.Globalization;
using System.Linq.Expressions;
using System.Reflection;

namespace TcpShell.Pcap.Tables;

/// <summary>One column of a table of conversations or segments.</summary>
/// <param name="Name">Its name, as databases like it: <c>client_port</c>.</param>
/// <param name="Type">What its values are: string, bool, int, uint, long or double.</param>
/// <param name="IsNullable">Whether there may be none.</param>
/// <param name="Value">Reads a value.</param>
internal sealed record TableColumn<TRow>(string Name, Type Type, bool IsNullable, Func<TRow, object?> Value);

/// <summary>
/// The columns of a type of plain data, in the order of its properties. What is nested becomes columns of its own: <c>Client.Port</c> is <c>client_port</c>.
/// A point in time makes two, text for people (<c>start</c>) and a number for calculations (<c>start_ns</c>, since 1970); durations are nanoseconds.
/// </summary>
/// <remarks>The columns are a promise to those who keep tables: new ones are added at the end of what they belong to, none is renamed or removed.</remarks>
internal static class TableColumns<TRow>
{
    /// <summary>All columns.</summary>
    public static IReadOnlyList<TableColumn<TRow>> All { get; } = Make();

    private static List<TableColumn<TRow>> Make()
    {
        ParameterExpression row = Expression.Parameter(typeof(TRow));
        var columns = new List<TableColumn<TRow>>();
        Add(columns, row, row, "", isNullable: false);
        return columns;
    }

    private static void Add(List<TableColumn<TRow>> columns, ParameterExpression row, Expression owner, string prefix, bool isNullable)
    {
        // Declared order is what MetadataToken says; reflection alone promises none.
        foreach (PropertyInfo property in owner.Type.GetProperties().OrderBy(property => property.MetadataToken))
        {
            string name = prefix + TableRow.ColumnOf(property);
            Expression value = Expression.Property(owner, property);
            bool mayBeNull = isNullable || new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
            if (property.PropertyType.Namespace == typeof(TableColumn<>).Namespace)
            {
                Add(columns, row, value, name + "_", mayBeNull);
                continue;
            }

            Func<TRow, object?> get = Getter(row, value);
            Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            if (type == typeof(Timestamp))
            {
                columns.Add(new(name, typeof(string), mayBeNull, item => ToIso((Timestamp)get(item)!)));
                columns.Add(new(name + "_ns", typeof(long), mayBeNull, item => ((Timestamp)get(item)!).Nanoseconds));
            }
            else if (type == typeof(TimeSpan))
            {
                columns.Add(new(name + "_ns", typeof(long), mayBeNull, item => get(item) is TimeSpan time ? time.Ticks * 100 : null));
            }
            else if (type.IsEnum)
            {
                // Flags are numbers, so that a query can test their bits.
                columns.Add(type.IsDefined(typeof(FlagsAttribute), inherit: false)
                    ? new(name, typeof(int), mayBeNull, item => get(item) is { } set ? Convert.ToInt32(set, CultureInfo.InvariantCulture) : null)
                    : new(name, typeof(string), mayBeNull, item => get(item)?.ToString()));
            }
            else
            {
                columns.Add(new(name, type, mayBeNull, get));
            }
        }
    }

    // Null where something on the way is.
    private static Func<TRow, object?> Getter(ParameterExpression row, Expression value)
    {
        Expression result = Expression.Convert(value, typeof(object));
        for (Expression? owner = ((MemberExpression)value).Expression; owner is MemberExpression nested; owner = nested.Expression)
        {
            result = Expression.Condition(Expression.Equal(nested, Expression.Constant(null, nested.Type)), Expression.Constant(null), result);
        }

        return Expression.Lambda<Func<TRow, object?>>(result, row).Compile();
    }

    private static string ToIso(Timestamp time)
    {
        (long seconds, long fraction) = Math.DivRem(time.Nanoseconds, 1_000_000_000);
        if (fraction < 0)
        {
            (seconds, fraction) = (seconds - 1, fraction + 1_000_000_000);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{DateTimeOffset.FromUnixTimeSeconds(seconds):yyyy-MM-dd'T'HH:mm:ss}.{fraction:D9}Z");
    }
}
