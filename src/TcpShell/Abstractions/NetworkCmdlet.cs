using System.ComponentModel;
using System.Management.Automation;
using TcpShell.Errors;
using TcpShell.Hosting;
using TcpShell.Simulation;
using TcpShell.Tcp;
using TcpShell.Wire;

namespace TcpShell.Abstractions;

/// <summary>What all cmdlets share that act on a network: finding hosts and end points, letting time pass, and answering errors.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class NetworkCmdlet : TcpCmdlet
{
    /// <summary>The most virtual time that a cmdlet lets pass if its user names no limit: every timer of TCP but keep-alive has fired by then.</summary>
    protected static readonly TimeSpan DefaultLimit = TimeSpan.FromHours(1);

    /// <summary>How long a cmdlet goes on if its user names no limit: on a real network until somebody ends it.</summary>
    /// <param name="network">The network.</param>
    protected static TimeSpan LimitOf(TcpNetwork network) => network?.IsRealTime == true ? TimeSpan.MaxValue : DefaultLimit;

    /// <summary>The given network, or the session's current one, made on first use.</summary>
    /// <param name="named">What the user named.</param>
    protected TcpNetwork Resolve(TcpNetwork? named)
    {
        if (named is SimulatedNetwork && !Lab.Owns(named))
        {
            ThrowTerminatingError(ErrorRecords.NetworkOfAnotherSession(named));
        }

        return named ?? Lab.Current;
    }

    /// <summary>The network of a connection, if it is one of this session.</summary>
    /// <param name="connection">The connection.</param>
    protected TcpNetwork NetworkOf(HostedConnection connection) => Resolve(connection.Network!);

    /// <summary>The given lab, or the session's current network if that is one; a terminating error where it is a real one.</summary>
    /// <param name="named">What the user named.</param>
    protected SimulatedNetwork ResolveLab(SimulatedNetwork? named)
    {
        TcpNetwork network = Resolve(named);
        if (network is not SimulatedNetwork lab)
        {
            ThrowTerminatingError(ErrorRecords.LabNeeded(network));
            throw new InvalidOperationException(); // not reached: the line before has thrown
        }

        return lab;
    }

    /// <summary>The host that is meant where none is named: the one that a lab has for it, or the only one.</summary>
    /// <param name="network">The network.</param>
    /// <param name="name">The name in a lab.</param>
    protected static TcpHost? UsualHost(TcpNetwork network, string name) =>
        network?.FindHost(name) ?? (network?.Hosts.Count == 1 ? network.Hosts[0] : null);

    /// <summary>
    /// Whether something may be done after which packets leave the process. In a lab none do, so only who says -WhatIf or -Confirm is asked.
    /// </summary>
    /// <param name="network">Where it would be done.</param>
    /// <param name="target">What it is done to.</param>
    /// <param name="action">What is done.</param>
    protected bool MayAct(TcpNetwork network, object? target, string action)
    {
        bool isAsked = network?.IsRealTime == true || MyInvocation.BoundParameters.Keys.Any(name => name is "WhatIf" or "Confirm");
        return !isAsked || ShouldProcess(target?.ToString(), action);
    }

    /// <summary>A host by its name or address; a terminating error names the ones that there are.</summary>
    /// <param name="network">The network.</param>
    /// <param name="nameOrAddress">Name or address.</param>
    protected TcpHost FindHost(TcpNetwork network, string nameOrAddress)
    {
        if (network.FindHost(nameOrAddress) is not { } host)
        {
            ThrowTerminatingError(ErrorRecords.HostNotFound(nameOrAddress, network));
            throw new InvalidOperationException(); // not reached: the line before has thrown
        }

        return host;
    }

    /// <summary>
    /// An end point as people write it: <c>10.0.0.2:80</c>, <c>server:80</c>, <c>server</c> (its first listener), <c>80</c> (that port on the server).
    /// </summary>
    /// <param name="network">The network whose hosts may be named.</param>
    /// <param name="text">What was written; null for the first listener of the network.</param>
    protected Endpoint FindEndpoint(TcpNetwork network, string? text)
    {
        if (text is null)
        {
            return FirstListener(network.Hosts) ?? Unclear(network, null);
        }

        if (Endpoint.TryParse(text, out Endpoint endpoint) && !endpoint.Address.IsUnspecified && endpoint.Port != 0)
        {
            return endpoint;
        }

        int colon = text.LastIndexOf(':');
        string name = colon >= 0 ? text[..colon] : text;
        if (ushort.TryParse(colon >= 0 ? text[(colon + 1)..] : text, out ushort port))
        {
            TcpHost? host = port == 0 ? null : name is "" or "*" || colon < 0 ? network.FindHost(DefaultLab.Server) : network.FindHost(name);
            return host is not null ? new Endpoint(host.Addresses[0], port) : Unclear(network, text);
        }

        return network.FindHost(text) is { } named && FirstListener([named]) is { } listening ? listening : Unclear(network, text);
    }

    /// <summary>Lets virtual time pass, or waits where time is real; Ctrl-C ends it and keeps what was done.</summary>
    /// <param name="network">The network.</param>
    /// <param name="condition">Until this is so.</param>
    /// <param name="limit">How long at most; null for <see cref="LimitOf"/>.</param>
    /// <returns>Whether it became so; if not, the limit was reached or nothing can happen any more.</returns>
    protected bool RunUntil(TcpNetwork network, Func<bool> condition, TimeSpan? limit = null)
    {
        var progress = new ProgressClock();
        bool Ask()
        {
            if (progress.IsDue)
            {
                string time = network.IsRealTime ? "waiting" : "virtual time";
                progress.Show(this, $"Network '{network.Name}'", $"{time} {network.Now} s, {network.Trace.Count} packets");
            }

            return condition();
        }

        try
        {
            return network.RunUntil(Ask, limit ?? LimitOf(network), CancelToken);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        finally
        {
            progress.End(this);
        }
    }

    /// <summary>Does something that TCP may refuse; a refusal becomes the error that belongs to it.</summary>
    /// <param name="action">What is done.</param>
    /// <param name="target">The user's object.</param>
    /// <returns>Whether it was done.</returns>
    protected bool Try(Action action, object? target)
    {
        try
        {
            action();
            return true;
        }
        catch (TcpCallException refused)
        {
            WriteError(ErrorRecords.CallRefused(refused, target));
            return false;
        }
    }

    private static Endpoint? FirstListener(IEnumerable<TcpHost> hosts)
    {
        foreach (TcpHost host in hosts)
        {
            foreach (Listener listener in host.Listeners)
            {
                IpAddress address = listener.Local.Address.IsUnspecified ? host.Addresses[0] : listener.Local.Address;
                return new Endpoint(address, listener.Local.Port);
            }
        }

        return null;
    }

    private Endpoint Unclear(TcpNetwork network, string? text)
    {
        ThrowTerminatingError(ErrorRecords.EndpointNotFound(text, network));
        return default;
    }
}
