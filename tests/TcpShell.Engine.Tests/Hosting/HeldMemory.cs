using System.Reflection;
using System.Runtime.InteropServices;
using TcpShell.Exploration;

namespace TcpShell.Engine.Tests.Hosting;

/// <summary>
/// How much an object holds, counted from object to object: always the same for the same state, whatever else the process does and whenever
/// memory is collected.
/// </summary>
internal static class HeldMemory
{
    /// <summary>Objects, and octets in their arrays, that can be reached from one.</summary>
    public static (int Objects, long ArrayOctets) Of(object root)
    {
        var fields = new ObjectFields();
        var seen = new HashSet<object>(ReferenceEqualityComparer.Instance);
        var pending = new Stack<object>([root]);
        int objects = 0;
        long octets = 0;
        while (pending.TryPop(out object? next))
        {
            if (next.GetType().IsValueType)
            {
                PushFields(next);
            }
            else if (next is not (Type or Pointer) && seen.Add(next))
            {
                objects++;
                if (next is Array array)
                {
                    octets += (long)array.Length * ElementSize(array);
                    PushElements(array);
                }
                else if (next is not string)
                {
                    PushFields(next);
                }
            }
        }

        return (objects, octets);

        void PushFields(object from)
        {
            foreach (FieldInfo field in fields.Of(from.GetType()).Where(field => !IsLeaf(field.FieldType)))
            {
                if (field.GetValue(from) is { } value)
                {
                    pending.Push(value);
                }
            }
        }

        void PushElements(Array array)
        {
            foreach (object? element in IsLeaf(array.GetType().GetElementType()!) ? [] : array.Cast<object?>())
            {
                if (element is not null)
                {
                    pending.Push(element);
                }
            }
        }
    }

    private static bool IsLeaf(Type type) => type.IsPrimitive || type.IsEnum || type.IsPointer;

    // What is not made of plain numbers counts as one reference each; that does for a comparison.
    private static int ElementSize(Array array) =>
        array.GetType().GetElementType() is { IsPrimitive: true } plain ? Marshal.SizeOf(plain) : IntPtr.Size;
}
