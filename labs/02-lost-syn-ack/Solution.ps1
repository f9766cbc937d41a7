. $PSScriptRoot/Start.ps1

# A rule, not chance: the first SYN,ACK, once.
Add-TcpImpairment -Drop -Flags SYN,ACK -Count 1 | Out-Null

# The SYN goes at 0 s, its answer is lost, and after 1 s the SYN goes again.
$connection = New-TcpConnection

$openedAt = (Watch-TcpState -History -HostName client -State Established).Time.TotalSeconds
$synCount = @(Get-TcpSegment -Flags SYN).Count
$rtoWithData = $connection.Rto.TotalSeconds
