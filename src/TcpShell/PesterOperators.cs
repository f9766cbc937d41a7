using System.Management.Automation;
using System.Management.Automation.Runspaces;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace TcpShell;

/// <summary>
/// Adds the operators of TcpShell.Pester.psm1 to a Pester that was imported after this module: PowerShell tells nobody of that, but before such an
/// operator is used, a cmdlet of this module is made.
/// </summary>
internal static class PesterOperators
{
    private static readonly ConditionalWeakTable<Runspace, object> s_done = [];
    private static volatile bool s_isPesterLoaded;

    static PesterOperators()
    {
        AppDomain.CurrentDomain.AssemblyLoad += (_, loaded) => s_isPesterLoaded |= IsPester(loaded.LoadedAssembly);
        s_isPesterLoaded |= AppDomain.CurrentDomain.GetAssemblies().Any(IsPester);
    }

    /// <summary>Adds them to the Pester of the current runspace, if there is one that lacks them. Costs nothing where no Pester is loaded.</summary>
    public static void Add()
    {
        if (!s_isPesterLoaded || Runspace.DefaultRunspace is not { } runspace || !s_done.TryAdd(runspace, true))
        {
            return;
        }

        ScriptBlock add = ScriptBlock.Create("Get-Module -Name TcpShell.Pester -All | ForEach-Object { & $_ { Add-TcpShouldOperator } }");
        if (!LanguagePrimitives.IsTrue(add.Invoke()))
        {
            s_done.Remove(runspace); // not in this runspace, or not yet
        }
    }

    private static bool IsPester(Assembly assembly) => assembly.GetName().Name == "Pester";
}
