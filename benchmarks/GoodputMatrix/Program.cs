using TcpShell.GoodputMatrix;
using TcpShell.Tcp;
var b = new Bottleneck(10_000_000, TimeSpan.FromMilliseconds(20), 0);
b.AddFlow(s => s with { Congestion = CongestionAlgorithm.Cubic, SelectiveAcknowledgment = false });
for (int i = 0; i < 60; i++) { b.Run(TimeSpan.FromMilliseconds(i < 40 ? 50 : 1000)); var t = b.Flows[0].Tcp; Console.WriteLine($"{b.Now} {b.Received[0]} cwnd {t.CongestionWindow/1448.0:F1} ssthresh {t.SlowStartThreshold/1448.0:F1} {t.InRecovery} rtos {t.Counters.Timeouts} rtx {t.Counters.Retransmissions} frtx {t.Counters.FastRetransmits} srtt {t.Rtt.Smoothed} out {t.Snd.Outstanding/1448} flight {t.Unacknowledged.InFlight/1448}"); }
