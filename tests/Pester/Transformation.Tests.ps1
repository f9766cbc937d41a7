# What people type as values, and what becomes of it.
BeforeAll {
    . $PSScriptRoot/Common.ps1

    function Get-Duration { param([TcpShell.Transformation.Duration()] [timespan] $Value) $Value }
    function Get-Bandwidth { param([TcpShell.Transformation.Bandwidth()] [long] $Value) $Value }
    function Get-Probability { param([TcpShell.Transformation.Probability()] [double] $Value) $Value }
    function Get-Endpoint { param([TcpShell.Transformation.Endpoint()] [TcpShell.Wire.Endpoint] $Value) $Value }
    function Get-Flag { param([TcpShell.Transformation.TcpFlags()] [TcpShell.Wire.TcpFlags] $Value) $Value }
    function Get-State { param([TcpShell.Transformation.TcpState()] [TcpShell.Tcp.TcpState[]] $Value) $Value }
}

Describe 'Durations' {
    It '<Text> is <Ms> ms' -ForEach @(
        @{ Text = '50ms'; Ms = 50 }
        @{ Text = '1.5s'; Ms = 1500 }
        @{ Text = '2m'; Ms = 120000 }
        @{ Text = '100us'; Ms = 0.1 }
        @{ Text = '1h'; Ms = 3600000 }
        @{ Text = '0.5'; Ms = 500 }
        @{ Text = '00:01:30'; Ms = 90000 }
        @{ Text = 3; Ms = 3000 }
        @{ Text = 0.25; Ms = 250 }
        @{ Text = 1e-6; Ms = 0.001 }
        @{ Text = [timespan]::FromSeconds(7); Ms = 7000 }
    ) {
        (Get-Duration $Text).TotalMilliseconds | Should -Be $Ms
    }

    It 'are read by a cmdlet as they are typed, though PowerShell takes 100us and 0.2s for numbers' {
        (New-TcpNetwork -Latency 100us | ForEach-Object { New-TcpConnection }).Rtt.TotalMilliseconds | Should -Be 0.2
        (New-TcpNetwork -Latency 0.2s | ForEach-Object { New-TcpConnection }).Rtt.TotalMilliseconds | Should -Be 400
    }

    It 'refuses <Text>' -ForEach @(
        @{ Text = 'soon' }
        @{ Text = '-1s' }
        @{ Text = -1 }
        @{ Text = '1 parsec' }
        @{ Text = '' }
        @{ Text = '1e400' }
        @{ Text = '99999999999h' }
        @{ Text = [double]::NaN }
    ) {
        { Get-Duration $Text } | Should -Throw '*is not a duration such as 50ms*'
    }

    It 'refuses what PowerShell has made a number of, rather than be wrong' {
        $duration = 100us
        { Get-Duration $duration } | Should -Throw '*in quotes*'
    }
}

Describe 'Bit rates' {
    It '<Text> is <Bits> bit/s' -ForEach @(
        @{ Text = '10mbit'; Bits = 10000000 }
        @{ Text = '1gbit'; Bits = 1000000000 }
        @{ Text = '64kbit'; Bits = 64000 }
        @{ Text = '10Mbit/s'; Bits = 10000000 }
        @{ Text = '1.5 Mbps'; Bits = 1500000 }
        @{ Text = '9600'; Bits = 9600 }
        @{ Text = 9600; Bits = 9600 }
    ) {
        Get-Bandwidth $Text | Should -Be $Bits
    }

    It 'refuses <_>' -ForEach 'fast', '10MB/s', '10MBps', '10mb', '0', '-5', '99999999999999gbit' {
        { Get-Bandwidth $_ } | Should -Throw '*is not a bit rate such as 64kbit*'
    }
}

Describe 'Probabilities' {
    It '<Text> is <P>' -ForEach @(
        @{ Text = '1%'; P = 0.01 }
        @{ Text = '0.5 %'; P = 0.005 }
        @{ Text = '100%'; P = 1 }
        @{ Text = '0.01'; P = 0.01 }
        @{ Text = 0.25; P = 0.25 }
        @{ Text = 1; P = 1 }
        @{ Text = 0; P = 0 }
    ) {
        Get-Probability $Text | Should -Be $P
    }

    It 'refuses <_>' -ForEach 'often', '101%', 5, '1.01', -0.1 {
        { Get-Probability $_ } | Should -Throw '*is not a probability such as 1%*'
    }
}

Describe 'End points' {
    It '<Text> is <Expected>' -ForEach @(
        @{ Text = '10.0.0.2:80'; Expected = '10.0.0.2:80' }
        @{ Text = '[fd00::2]:80'; Expected = '[fd00::2]:80' }
        @{ Text = ':80'; Expected = '*:80' }
        @{ Text = '*:80'; Expected = '*:80' }
        @{ Text = 80; Expected = '*:80' }
        @{ Text = '80'; Expected = '*:80' }
        @{ Text = [System.Net.IPEndPoint]::new([ipaddress]::Loopback, 80); Expected = '127.0.0.1:80' }
    ) {
        (Get-Endpoint $Text).ToString() | Should -Be $Expected
    }

    It 'refuses <_>' -ForEach '10.0.0.2', 'fd00::2:80', '10.0.0.2:65536', 70000, -1, '10.1:80' {
        { Get-Endpoint $_ } | Should -Throw '*is not an address with a port*'
    }
}

Describe 'Control bits' {
    It '<Text> is <Expected>' -ForEach @(
        @{ Text = 'SYN,ACK'; Expected = 'SYN, ACK' }
        @{ Text = 'SYN ACK'; Expected = 'SYN, ACK' }
        @{ Text = 'S.'; Expected = 'SYN, ACK' }
        @{ Text = @('syn', 'ack'); Expected = 'SYN, ACK' }
        @{ Text = @('S', 'E', 'W'); Expected = 'SYN, ECE, CWR' }
        @{ Text = 0x12; Expected = 'SYN, ACK' }
        @{ Text = 'None'; Expected = 'None' }
    ) {
        (Get-Flag $Text).ToString() | Should -Be $Expected
    }

    It 'can be typed without quotes' {
        Get-Flag SYN, ACK | Should -Be 'SYN, ACK'
        Get-Flag 0x12 | Should -Be 'SYN, ACK'
        Get-Flag . | Should -Be 'ACK'
    }

    It 'refuses <_>' -ForEach 'SIN', 'x', '', 70000, -1 {
        { Get-Flag $_ } | Should -Throw '*is not a set of control bits*'
    }
}

Describe 'States' {
    It '<Text> is <Expected>' -ForEach @(
        @{ Text = 'SynSent'; Expected = 'SynSent' }
        @{ Text = 'SYN-SENT'; Expected = 'SynSent' }
        @{ Text = 'SYN_SEND'; Expected = 'SynSent' }
        @{ Text = 'SYN_RECV'; Expected = 'SynReceived' }
        @{ Text = 'syn_rcvd'; Expected = 'SynReceived' }
        @{ Text = 'ESTAB'; Expected = 'Established' }
        @{ Text = 'Fin-Wait-2'; Expected = 'FinWait2' }
        @{ Text = 'FIN_WAIT_2'; Expected = 'FinWait2' }
        @{ Text = 'FIN_WAIT1'; Expected = 'FinWait1' }
        @{ Text = 'LISTENING'; Expected = 'Listen' }
        @{ Text = [System.Net.NetworkInformation.TcpState]::SynReceived; Expected = 'SynReceived' }
        @{ Text = @('CLOSE_WAIT', 'Last-Ack'); Expected = 'CloseWait', 'LastAck' }
    ) {
        Get-State $Text | Should -Be $Expected
    }

    It 'refuses <_> and lists the states' -ForEach 'Open', '', '4', 4 {
        { Get-State $_ } | Should -Throw '*is not a state of a connection; the states are Closed, Listen*'
    }
}

Describe 'Names of an enum' {
    It 'are told apart by every parameter that takes them, for PowerShell would make another one of several' {
        $joined = foreach ($command in Get-Command -Module TcpShell) {
            foreach ($parameter in $command.Parameters.Values) {
                $type = $parameter.ParameterType.IsArray ? $parameter.ParameterType.GetElementType() : $parameter.ParameterType
                $type = [Nullable]::GetUnderlyingType($type) ?? $type
                $isOurs = $type.IsEnum -and $type.FullName -like 'TcpShell.*' -and -not $type.IsDefined([FlagsAttribute], $false)
                if ($isOurs -and -not ($parameter.Attributes | Where-Object { $_.GetType().FullName -match '^TcpShell\.Transformation\.(Choice|TcpState)Attribute$' })) {
                    "$command -$($parameter.Name)"
                }
            }
        }
        $joined | Should -BeNullOrEmpty
    }

    It 'are refused where one is meant: <Names>' -ForEach @{ Names = 'Sequence', 'State' }, @{ Names = 'Sequence,State' } {
        { New-TcpConnection | ConvertTo-TcpDiagram -Kind $Names } | Should -Throw '*Sequence, State*only one*'
    }

    It 'are read one by one where several are meant' {
        $one = Get-TcpTransition -Event PassiveOpen
        $two = Get-TcpTransition -Event Close
        @(Get-TcpTransition -Event 'PassiveOpen, Close').Count | Should -Be (@($one).Count + @($two).Count)
    }
}
