. $PSScriptRoot/Start.ps1

# A passive open: the server is ready, and has sent nothing.
New-TcpListener 7 -HostName server | Out-Null

# An active open from a port of our choice. The cmdlet returns when the client is established ...
$connection = New-TcpConnection server:7 -From client:5000

# ... and one more event brings the third segment to the server.
Step-TcpNetwork

$syn, $synAck, $ack = Get-TcpSegment
$clientIsn = $syn.SequenceNumber
$serverIsn = $synAck.SequenceNumber
$thirdAck = $ack.AcknowledgmentNumber
