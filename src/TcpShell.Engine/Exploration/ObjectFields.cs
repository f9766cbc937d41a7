using System.Reflection;

namespace TcpShell.Exploration;

/// <summary>The instance fields of types, private ones and those of base types included: what an object's state consists of.</summary>
internal sealed class ObjectFields
{
    private readonly Dictionary<Type, FieldInfo[]> _fields = [];

    /// <summary>The fields of a type, always in the same order.</summary>
    public FieldInfo[] Of(Type type)
    {
        if (!_fields.TryGetValue(type, out FieldInfo[]? fields))
        {
            fields = Find(type).ToArray();
            _fields.Add(type, fields);
        }

        return fields;
    }

    /// <summary>A field by its name, or the field behind a property.</summary>
    /// <exception cref="MissingFieldException">There is none: it was renamed.</exception>
    public static FieldInfo Named(Type type, string name)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        return type.GetField(name, Own) ?? type.GetField($"<{name}>k__BackingField", Own) ?? throw new MissingFieldException(type.Name, name);
    }

    private static IEnumerable<FieldInfo> Find(Type type)
    {
        const BindingFlags Own = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        for (Type? part = type; part is not null && part != typeof(object); part = part.BaseType)
        {
            foreach (FieldInfo field in part.GetFields(Own).OrderBy(field => field.MetadataToken))
            {
                yield return field;
            }
        }
    }
}
