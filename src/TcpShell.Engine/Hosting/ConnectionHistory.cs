using TcpShell.Tcp;

namespace TcpShell.Hosting;

/// <summary>What steered a connection's sending at one moment.</summary>
/// <param name="Time">When it became so.</param>
/// <param name="Cwnd">cwnd in octets.</param>
/// <param name="Ssthresh">ssthresh in octets; int.MaxValue before the first congestion.</param>
/// <param name="InFlight">Octets in flight.</param>
/// <param name="SndWnd">SND.WND in octets.</param>
/// <param name="Rto">RTO.</param>
/// <param name="Srtt">SRTT; null before the first measurement.</param>
/// <param name="RttVar">RTTVAR; null before the first measurement.</param>
/// <param name="Rtt">The last measured round-trip time; null before the first.</param>
public readonly record struct ConnectionSample(
    Timestamp Time, int Cwnd, int Ssthresh, int InFlight, uint SndWnd, TimeSpan Rto, TimeSpan? Srtt, TimeSpan? RttVar, TimeSpan? Rtt);

/// <summary>How a connection's windows and times went: a sample for each change, for diagrams and lessons.</summary>
/// <remarks>It is bounded: when it is full every second sample is left out, and from then on only half as many are taken.</remarks>
public sealed class ConnectionHistory
{
    private const int Capacity = 10_000;

    private readonly HostedConnection _connection;
    private readonly List<ConnectionSample> _samples = [];
    private ConnectionSample _latest;
    private int _stride = 1;
    private int _skipped;

    internal ConnectionHistory(HostedConnection connection) => _connection = connection;

    /// <summary>The samples, oldest first.</summary>
    public IReadOnlyList<ConnectionSample> Samples => _connection.Copy(_samples);

    /// <summary><c>123 samples</c>.</summary>
    public override string ToString() => $"{_samples.Count} samples";

    internal void Take(TcpConnection connection, Timestamp now)
    {
        var sample = new ConnectionSample(
            now,
            connection.CongestionWindow,
            connection.SlowStartThreshold,
            connection.Unacknowledged.InFlight,
            connection.Snd.Wnd,
            connection.Rtt.Rto,
            connection.Rtt.Smoothed,
            connection.Rtt.Variation,
            connection.Rtt.Latest);
        if (sample == _latest with { Time = now })
        {
            return;
        }

        _latest = sample;
        if (++_skipped < _stride)
        {
            return;
        }

        _skipped = 0;
        if (_samples.Count == Capacity)
        {
            for (int i = 0; i < Capacity / 2; i++)
            {
                _samples[i] = _samples[i * 2];
            }

            _samples.RemoveRange(Capacity / 2, Capacity / 2);
            _stride *= 2;
        }

        _samples.Add(sample);
    }
}
