using System.Linq.Expressions;
using System.Reflection;

namespace TcpShell.Pcap.Tables;

/// <summary>Where a property of plain data comes from, if the source calls it otherwise.</summary>
/// <param name="path">The names from the source on, divided by dots: <c>Endpoint.Port</c>.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class FromAttribute(string path) : Attribute
{
    /// <summary>The names from the source on, divided by dots.</summary>
    public string Path => path;

    /// <summary>Where a property comes from: what the attribute says, else its own name.</summary>
    /// <param name="property">The property.</param>
    public static string PathOf(PropertyInfo property)
    {
        ArgumentNullException.ThrowIfNull(property);
        return property.GetCustomAttribute<FromAttribute>()?.Path ?? property.Name;
    }
}

/// <summary>
/// Copies an object into plain data by the names of properties. The copier is compiled once, as fast as if it were written out; that each name
/// has its source is seen then, and so by the first test.
/// </summary>
internal static class PlainCopy<TSource, TData>
    where TData : class
{
    private static readonly Func<TSource, TData> s_copy = Compile();

    public static TData Of(TSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        return s_copy(source);
    }

    private static Func<TSource, TData> Compile()
    {
        ParameterExpression source = Expression.Parameter(typeof(TSource));
        return Expression.Lambda<Func<TSource, TData>>(Copy(source, typeof(TData)), source).Compile();
    }

    private static Expression Copy(Expression source, Type data) => Expression.MemberInit(
        Expression.New(data),
        data.GetProperties()
            .Where(property => property.CanWrite && Source(source, FromAttribute.PathOf(property)) is not null)
            .Select(property => Expression.Bind(property, Convert(Source(source, FromAttribute.PathOf(property))!, property.PropertyType))));

    /// <summary>The value at the end of a path; null on the way gives null. Null if the source has no such property.</summary>
    private static Expression? Source(Expression source, string path)
    {
        int dot = path.IndexOf('.', StringComparison.Ordinal);
        string name = dot < 0 ? path : path[..dot];
        if (source.Type.GetProperty(name) is not { } property)
        {
            return null;
        }

        Expression value = Expression.Property(source, property);
        return dot < 0 ? value : IfThere(value, there => Source(there, path[(dot + 1)..])!);
    }

    private static Expression Convert(Expression value, Type target)
    {
        if (value.Type == target)
        {
            return value;
        }

        if (target == typeof(string) && value.Type.IsAssignableTo(typeof(IEnumerable<string>)))
        {
            return Expression.Call(typeof(string), nameof(string.Join), null, Expression.Constant(";"), Expression.Convert(value, typeof(IEnumerable<string>)));
        }

        if (target == typeof(string))
        {
            return IfThere(value, there => Expression.Call(there, nameof(ToString), null));
        }

        return target.Namespace == typeof(PlainCopy<,>).Namespace ? IfThere(value, there => Copy(there, target)) : Expression.Convert(value, target);
    }

    private static Expression IfThere(Expression value, Func<Expression, Expression> use)
    {
        if (value.Type.IsValueType && Nullable.GetUnderlyingType(value.Type) is null)
        {
            return use(value);
        }

        Expression used = use(value.Type.IsValueType ? Expression.Property(value, "Value") : value);
        Type result = used.Type.IsValueType && Nullable.GetUnderlyingType(used.Type) is null ? typeof(Nullable<>).MakeGenericType(used.Type) : used.Type;
        return Expression.Condition(Expression.NotEqual(value, Expression.Constant(null, value.Type)), Expression.Convert(used, result), Expression.Default(result));
    }
}
