using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Reflection;
using TcpShell.Errors;
using TcpShell.Tcp;
using TcpShell.Text;

namespace TcpShell;

/// <summary>Makes connection settings out of a profile's name and a table of what differs from it.</summary>
internal static class Settings
{
    /// <summary>The names that -Option understands.</summary>
    public static IEnumerable<string> Names =>
        typeof(TcpSettings).GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.CanWrite && property.Name != nameof(TcpSettings.Profile))
            .Select(property => property.Name)
            .Order(StringComparer.Ordinal);

    /// <summary>The profile with the options put in; a wrong name or value ends the cmdlet with an error that says which.</summary>
    public static TcpSettings From(PSCmdlet cmdlet, string? profile, IDictionary? options, TcpSettings? inherited = null)
    {
        TcpSettings settings = profile switch
        {
            null => inherited ?? TcpSettings.Linux,
            "rfc" => TcpSettings.Rfc,
            _ => TcpSettings.Linux,
        };
        if (options is null)
        {
            return settings;
        }

        // A record's copy is made by "with"; what is set afterwards by name touches the copy only.
        TcpSettings changed = settings with { };
        foreach (DictionaryEntry option in options)
        {
            string name = option.Key.ToString() ?? "";
            PropertyInfo? property = typeof(TcpSettings).GetProperty(name, BindingFlags.Public | BindingFlags.Instance | BindingFlags.IgnoreCase);
            if (property is null || !property.CanWrite || property.Name == nameof(TcpSettings.Profile))
            {
                cmdlet.ThrowTerminatingError(ErrorRecords.UnknownOption(name, Names));
                continue;
            }

            try
            {
                property.SetValue(changed, Convert(option.Value, property.PropertyType));
            }
            catch (Exception wrong) when (wrong is PSInvalidCastException or FormatException or TargetInvocationException)
            {
                cmdlet.ThrowTerminatingError(ErrorRecords.OptionOutOfRange(name, option.Value, property.PropertyType, wrong));
            }
        }

        try
        {
            changed.Validate();
        }
        catch (ArgumentOutOfRangeException wrong)
        {
            cmdlet.ThrowTerminatingError(ErrorRecords.ValueOutOfRange(wrong, options));
        }

        return changed;
    }

    private static object? Convert(object? value, Type type)
    {
        value = value.Unwrap();
        Type inner = Nullable.GetUnderlyingType(type) ?? type;
        if (value is null && inner != type)
        {
            return null;
        }

        if (value is null)
        {
            throw new FormatException("Nothing is no value.");
        }

        if (inner == typeof(bool))
        {
            return Switch(value);
        }

        if (inner == typeof(int) || inner == typeof(long))
        {
            RefuseFraction(value);
        }

        if (inner != typeof(TimeSpan) || value is TimeSpan)
        {
            return LanguagePrimitives.ConvertTo(value, inner, CultureInfo.InvariantCulture);
        }

        string text = System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return DurationText.TryParse(text, out TimeSpan duration) ? duration : throw new FormatException($"'{text}' is not a duration.");
    }

    // For PowerShell each text that is not empty is true, also 'false' out of a table of settings. Here it means what it says.
    private static bool Switch(object value) => value switch
    {
        bool isOn => isOn,
        string text when bool.TryParse(text.TrimStart('$'), out bool isOn) => isOn,
        _ => throw new FormatException($"'{value}' is neither $true nor $false."),
    };

    // PowerShell rounds, and a rounded setting is not the one that was asked for.
    private static void RefuseFraction(object value)
    {
        string text = System.Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        if (decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number) && number != decimal.Truncate(number))
        {
            throw new FormatException($"'{text}' is not a whole number.");
        }
    }
}
