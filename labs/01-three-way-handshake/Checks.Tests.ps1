param([string] $Script)

BeforeAll {
    if ($Script) { . (Join-Path $PSScriptRoot $Script) }
    $segments = @(Get-TcpSegment)
    $client = Get-TcpConnection -HostName client | Where-Object Role -EQ Client
    $server = Get-TcpConnection -HostName server | Where-Object Role -EQ Server
}

Describe 'The three-way handshake' {
    It 'has a server that listens on port 7 (P01)' {
        Get-TcpConnection -HostName server -State Listen | ForEach-Object { $_.Local.Port } | Should -Contain 7
    }

    It 'is made of exactly three segments: SYN; SYN,ACK; ACK (P02, P03, P04)' {
        $segments | ForEach-Object { $_.Flags.ToString() } | Should -Be 'SYN', 'SYN, ACK', 'ACK'
    }

    It 'goes from port 5000 to port 7' {
        $segments[0].Source.Port | Should -Be 5000
        $segments[0].Destination.Port | Should -Be 7
    }

    It 'carries no data' {
        ($segments | Measure-Object Length -Sum).Sum | Should -Be 0
    }

    It 'leaves both ends established' {
        $client.State | Should -Be 'Established'
        $server.State | Should -Be 'Established'
    }

    It 'tells the two initial sequence numbers' {
        $client | Should -Not -BeNullOrEmpty
        "$clientIsn" | Should -Be "$($client.Iss)"
        "$serverIsn" | Should -Be "$($client.Irs)"
    }

    It 'tells what the third segment acknowledges: the SYN took one number (P07)' {
        $client | Should -Not -BeNullOrEmpty
        "$thirdAck" | Should -Be "$($client.RcvNxt)"
    }
}
