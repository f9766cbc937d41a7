using System.Management.Automation;

namespace TcpShell;

/// <summary>When the module is removed, no interface, no thread and no half-open peer stays behind.</summary>
public sealed class ModuleLifetime : IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => Lab.Leave();
}
