using System.Reflection;

namespace TcpShell.Tcp;

// Settings that users may change while the connection lives (RFC 9293 MUST-17, MUST-21, MUST-24, MUST-27, SHLD-21).
public sealed partial class TcpConnection
{
    /// <summary>
    /// Changes the settings of this connection. What may change takes effect at once, and timers that run are set anew; what the handshake
    /// fixed, or what its parts were made with, stays.
    /// </summary>
    /// <param name="settings">All of its settings: a changed copy of <see cref="Settings"/>.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="TcpCallException">The connection is over, or something else is changed than can be; the message names it.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of the values cannot be.</exception>
    public void ChangeSettings(TcpSettings settings, Timestamp now)
    {
        ArgumentNullException.ThrowIfNull(settings);
        settings.Validate();
        if (_ended)
        {
            throw DoesNotExist();
        }

        if (settings != Allowed(settings))
        {
            throw new TcpCallException(
                TcpCallError.SettingFixed, $"This cannot change on a connection: {Fixed(settings)}. It is decided when the connection is made.");
        }

        TcpSettings before = Settings;
        Settings = settings;
        Called?.Invoke(new(RecordedCallKind.ChangeSettings) { Settings = settings });
        _sendBuffer.Resize(settings.SendBufferSize);
        TakeNewKeepAlive(before, now);
        TakeNewUserTimeout(before, now);
        TakeNewDelayedAck(before, now);
        if (_spaceWanted && _sendBuffer.Free > 0 && settings.SendBufferSize > before.SendBufferSize)
        {
            _spaceWanted = false;
            Tell(ConnectionEventKind.SpaceAvailable, now);
        }
    }

    /// <summary>Whether settings may become others on an open connection.</summary>
    internal static bool CanChange(TcpSettings settings, TcpSettings others) => others == WithChangeable(settings, others);

    /// <summary>Settings with those of others that may change at any time.</summary>
    private static TcpSettings WithChangeable(TcpSettings settings, TcpSettings others) => settings with
    {
        SendBufferSize = others.SendBufferSize,
        Nagle = others.Nagle, // [MUST-17]
        Cork = others.Cork,
        SynRetries = others.SynRetries,
        SynAckRetries = others.SynAckRetries,
        R1 = others.R1,
        R2 = others.R2, // [MUST-21]
        UserTimeout = others.UserTimeout,
        UserTimeoutFromProbe = others.UserTimeoutFromProbe,
        UserTimeoutOption = others.UserTimeoutOption,
        UserTimeoutLowerLimit = others.UserTimeoutLowerLimit,
        UserTimeoutUpperLimit = others.UserTimeoutUpperLimit,
        LocalCongestionInterval = others.LocalCongestionInterval,
        MaximumSegmentLifetime = others.MaximumSegmentLifetime,
        KeepAlive = others.KeepAlive, // [MUST-24]
        KeepAliveIdle = others.KeepAliveIdle, // [MUST-27]
        KeepAliveInterval = others.KeepAliveInterval,
        KeepAliveProbes = others.KeepAliveProbes,
        KeepAliveGarbage = others.KeepAliveGarbage,
        AcceptResetInWindow = others.AcceptResetInWindow,
        ResetOnSynInWindow = others.ResetOnSynInWindow,
        ChallengeAckLimit = others.ChallengeAckLimit,
        ChallengeAckPeriod = others.ChallengeAckPeriod,
        DelayedAckTimeout = others.DelayedAckTimeout,
        QuickAcks = others.QuickAcks,
        Dscp = others.Dscp, // [SHLD-21]
        TimeToLive = others.TimeToLive,
        ReportSoftErrors = others.ReportSoftErrors,
        TimeWaitIgnoresReset = others.TimeWaitIgnoresReset,
    };

    /// <summary>What of these settings may be. Until a SYN is sent, what will be announced in it may change as well.</summary>
    private TcpSettings Allowed(TcpSettings settings)
    {
        TcpSettings allowed = WithChangeable(Settings, settings);
        return State == TcpState.Listen ? allowed with { MaximumSegmentSize = settings.MaximumSegmentSize } : allowed;
    }

    /// <summary>The names of the settings that differ and may not.</summary>
    private string Fixed(TcpSettings settings)
    {
        TcpSettings allowed = Allowed(settings);
        IEnumerable<PropertyInfo> properties = typeof(TcpSettings).GetProperties(BindingFlags.Public | BindingFlags.Instance);
        return string.Join(", ", properties.Where(property => !Equals(property.GetValue(allowed), property.GetValue(settings))).Select(property => property.Name));
    }

    private void TakeNewKeepAlive(TcpSettings before, Timestamp now)
    {
        if ((Settings.KeepAlive, Settings.KeepAliveIdle) != (before.KeepAlive, before.KeepAliveIdle))
        {
            _keepAliveProbesSent = 0;
            _keepAlivePending = false;
            Timers.Stop(TimerKind.KeepAlive);
            ArmKeepAlive(now);
        }
    }

    private void TakeNewUserTimeout(TcpSettings before, Timestamp now)
    {
        if ((Settings.UserTimeout, Settings.UserTimeoutOption) != (before.UserTimeout, before.UserTimeoutOption))
        {
            _userTimeoutPending = Settings.UserTimeoutOption && IsSynchronized(State); // [5482-4]
            RestartUserTimeout(now);
        }
    }

    private void TakeNewDelayedAck(TcpSettings before, Timestamp now)
    {
        _quickAcks = Settings.QuickAcks != before.QuickAcks ? Settings.QuickAcks : _quickAcks;
        if (Timers.IsRunning(TimerKind.DelayedAck))
        {
            Timers.Set(TimerKind.DelayedAck, now + Settings.DelayedAckTimeout);
        }
    }
}
