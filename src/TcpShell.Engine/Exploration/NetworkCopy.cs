using System.Collections;
using System.Reflection;
using System.Runtime.CompilerServices;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;

namespace TcpShell.Exploration;

/// <summary>
/// Copies a network with everything in it, so that one lab can go on in many ways. Field by field, private ones included: a new field cannot
/// be forgotten. What never changes is shared.
/// </summary>
public sealed class NetworkCopy
{
    private readonly ObjectFields _fields = new();
    private readonly Dictionary<object, object> _copies = new(ReferenceEqualityComparer.Instance);
    private readonly Queue<(object From, object To)> _pending = new();

    private NetworkCopy()
    {
    }

    /// <summary>A network in the same state, of which nothing changes when the original goes on.</summary>
    /// <param name="network">The original.</param>
    public static SimulatedNetwork Of(SimulatedNetwork network)
    {
        ArgumentNullException.ThrowIfNull(network);
        var copying = new NetworkCopy();
        var copy = (SimulatedNetwork)copying.Copy(network)!;

        // Not by recursion: a chain of objects may be longer than a stack is deep.
        while (copying._pending.TryDequeue(out (object From, object To) next))
        {
            copying.Fill(next.From, next.To);
        }

        return copy;
    }

    private static bool IsShared(object value) =>
        value is string or Type or TcpSettings or LinkOptions or StateChange or SegmentVerdict or ITcpApplication or IEqualityComparer or IComparer
        || value.GetType().IsPrimitive
        || value.GetType().IsEnum
        || Array.Exists(value.GetType().GetInterfaces(), type => type.IsGenericType
            && (type.GetGenericTypeDefinition() == typeof(IEqualityComparer<>) || type.GetGenericTypeDefinition() == typeof(IComparer<>)));

    private object? Copy(object? value)
    {
        if (value is null || IsShared(value))
        {
            return value;
        }

        if (value.GetType().IsValueType)
        {
            object box = RuntimeHelpers.GetObjectValue(value)!;
            foreach (FieldInfo field in _fields.Of(box.GetType()))
            {
                field.SetValue(box, Copy(field.GetValue(box)));
            }

            return box;
        }

        if (_copies.TryGetValue(value, out object? known))
        {
            return known;
        }

        object copy = value switch
        {
            Array array => array.Clone(),
            Delegate function => Copy(function),
            _ => RuntimeHelpers.GetUninitializedObject(value.GetType()),
        };
        _copies.Add(value, copy);
        if (value is not Delegate)
        {
            _pending.Enqueue((value, copy));
        }

        return copy;
    }

    private Delegate Copy(Delegate function)
    {
        Delegate[] parts = [.. function.GetInvocationList().Select(part => Delegate.CreateDelegate(part.GetType(), Copy(part.Target), part.Method))];
        return Delegate.Combine(parts)!;
    }

    private void Fill(object from, object to)
    {
        if (from is Array array)
        {
            var target = (Array)to;
            for (int i = 0; !array.GetType().GetElementType()!.IsPrimitive && i < array.Length; i++)
            {
                target.SetValue(Copy(array.GetValue(i)), i);
            }

            return;
        }

        foreach (FieldInfo field in _fields.Of(from.GetType()))
        {
            field.SetValue(to, Copy(field.GetValue(from)));
        }
    }
}
