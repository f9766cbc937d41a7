. $PSScriptRoot/Start.ps1

# The client's direction: FIN, ACK. The client is in FinWait2, the server in CloseWait.
$client | Close-TcpConnection -HalfClose

# The other direction is open still.
$server | Send-TcpData 'one more thing'
$client | Receive-TcpData -AsText | Out-Null

# The next bare ACK from the client is the last one of the connection.
Add-TcpImpairment -Drop -From client -Flags ACK -Count 1 | Out-Null
$server | Close-TcpConnection -NoWait

# The FIN comes again, is acknowledged again, and the 2 MSL start anew.
$client | Wait-TcpState Closed -Timeout 10m

$changes = Watch-TcpState -History -HostName client
$entered = ($changes | Where-Object To -EQ TimeWait).Time
$left = ($changes | Where-Object From -EQ TimeWait).Time
$timeWait = $left.TotalSeconds - $entered.TotalSeconds
