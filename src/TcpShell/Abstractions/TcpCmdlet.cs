using System.ComponentModel;
using System.Management.Automation;

namespace TcpShell.Abstractions;

/// <summary>The base of all cmdlets here: can be stopped at any time, and cleans up on every way out.</summary>
/// <remarks>
/// Ctrl-C calls <see cref="StopProcessing"/> on another thread while the cmdlet runs: it only cancels <see cref="CancelToken"/>, which
/// whatever takes long looks at. Clean-up belongs into <see cref="Dispose(bool)"/>, which PowerShell calls in every case;
/// <c>Select-Object -First</c> and errors skip EndProcessing.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public abstract class TcpCmdlet : PSCmdlet, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Makes the cmdlet.</summary>
    protected TcpCmdlet() => PesterOperators.Add();

    /// <summary>Is cancelled when the user stops the pipeline.</summary>
    protected CancellationToken CancelToken => _stopping.Token;

    /// <summary>Ends the pipeline if the user has stopped it.</summary>
    /// <exception cref="PipelineStoppedException">The user has stopped the pipeline.</exception>
    protected void ThrowIfStopping()
    {
        if (_stopping.IsCancellationRequested)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <summary>A warning that is seen even when Ctrl-C has ended the pipeline, which then takes no more warnings itself.</summary>
    /// <param name="text">The warning.</param>
    protected void Warn(string text)
    {
        if (CancelToken.IsCancellationRequested)
        {
            Host.UI.WriteWarningLine(text);
        }
        else
        {
            WriteWarning(text);
        }
    }

    /// <summary>Cancels, nothing else: this runs on another thread.</summary>
    protected sealed override void StopProcessing() => _stopping.Cancel();

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what the cmdlet holds. Runs at the end, after an error and after a stop.</summary>
    /// <param name="disposing">True: called by <see cref="Dispose()"/>.</param>
    protected virtual void Dispose(bool disposing)
    {
        // The token source has no timer and no handle to release. It is left alone, since a late Ctrl-C may still cancel it.
    }
}
