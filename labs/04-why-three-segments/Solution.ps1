. $PSScriptRoot/Start.ps1

# Every course of events with up to two losses, duplicates, late packets or early timers: nobody is ever open whose peer did not ask.
$three = Test-TcpScenario OldDuplicateSyn -MaximumFaults 2

# With two segments the first step is wrong already: the old SYN arrives, and the server is open.
$two = Test-TcpScenario OldDuplicateSynOnly -MaximumFaults 2 -Option @{ TwoWayHandshake = $true }

# The network stands where the ghost has just come into being. It can go on, and the ghost stays.
$ghost = $two.Counterexample.Network
Step-TcpNetwork -Network $ghost -Idle

# Without faults there is one course of events: SYN, SYN,ACK, RST.
$ends = (Test-TcpScenario OldDuplicateSynOnly -MaximumFaults 0).Ends
