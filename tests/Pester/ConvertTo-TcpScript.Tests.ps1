BeforeAll {
    . $PSScriptRoot/Common.ps1
    New-TcpNetwork | Out-Null
    $client = New-TcpConnection
    $client | Send-TcpData 'hello' -PassThru | Close-TcpConnection

    # What a script says, without its comments.
    function Get-Event([string] $Script) {
        ConvertFrom-TcpScript $Script | ForEach-Object ToString
    }

    function Save-Script([string] $Name, [string] $Text) {
        $path = Join-Path $TestDrive $Name
        Set-Content $path $Text
        $path
    }
}

Describe 'ConvertTo-TcpScript' {
    It 'makes a script of a connection that passes, for either end' -ForEach 'Client', 'Server' {
        $script = $client | ConvertTo-TcpScript -Side $_
        $path = Save-Script "$_.pkt" $script
        (Invoke-TcpScript $path -Profile lab).ToString() | Should -Be 'Pass'
        Get-Event $script | Should -Contain ($_ -eq 'Client' ? '+0 write(3, ..., 5) = 5' : '+0 accept(3, ..., ...) = 4')
    }

    It 'is the same script again after a run' {
        $script = $client | ConvertTo-TcpScript
        $path = Save-Script 'again.pkt' $script
        $again = Invoke-TcpScript $path -Profile lab -Trace | ConvertTo-TcpScript
        Get-Event $again | Should -Be (Get-Event $script)
        $segments = (Invoke-TcpScript $path -Profile lab -Trace).Segments | ConvertTo-TcpScript
        Get-Event $segments | Should -Be (Get-Event $script)
    }

    It 'makes a script of each stream of the network, or of segments' {
        New-TcpConnection | Out-Null
        @(ConvertTo-TcpScript).Count | Should -Be 2
        @(Get-TcpSegment | ConvertTo-TcpScript).Count | Should -Be 2
        @(Get-TcpSegment | Where-Object Stream -EQ 1 | ConvertTo-TcpScript).Count | Should -Be 1
    }

    It 'warns that several connections are no script for one file; -Stream chooses one' {
        $net = New-TcpNetwork
        New-TcpConnection | Out-Null
        New-TcpConnection | Out-Null
        @(ConvertTo-TcpScript -Network $net -WarningVariable two -WarningAction SilentlyContinue).Count | Should -Be 2
        "$two" | Should -BeLike '2 connections became 2 texts*'
        $one = @(ConvertTo-TcpScript -Network $net -Stream 1 -WarningVariable none -WarningAction SilentlyContinue)
        $one.Count | Should -Be 1
        $one[0] | Should -Match 'stream 1:'
        $none | Should -BeNullOrEmpty
    }

    It 'puts the end under test that a connection object is' {
        $server = Get-TcpConnection -All | Where-Object Role -EQ Server | Select-Object -First 1
        $server | ConvertTo-TcpScript | Should -Match 'bind\('
        $client | ConvertTo-TcpScript | Should -Match 'connect\('
    }

    It 'makes scripts and profiles of a capture' {
        $capture = Join-Path $TestDrive lab.pcapng
        Export-TcpCapture $capture
        $segments = Import-TcpCapture $capture -Stream 0 -As Segment
        $path = Save-Script 'capture.pkt' ($segments | ConvertTo-TcpScript -Side Server)
        $stack = Save-Script 'stack.json' ($segments | ConvertTo-TcpScript -Side Server -As Profile)
        Get-Content $path | Select-Object -First 1 | Should -Match 'server 10\.0\.0\.2:80 is called by 10\.0\.0\.1'
        (Invoke-TcpScript $path -Profile $stack).ToString() | Should -Be 'Pass'
    }

    It 'makes scripts of <Octets> octets that a server sends back, of the lab and of its capture, for either end' -ForEach @(
        @{ Octets = 8000 }, @{ Octets = 17500 }, @{ Octets = 100000 }
    ) {
        $net = New-TcpNetwork
        New-TcpConnection | Send-TcpData ('x' * $Octets)
        Step-TcpNetwork -For 2s | Out-Null
        $capture = Join-Path $TestDrive echo.pcapng
        Export-TcpCapture $capture -Network $net
        $segments = Import-TcpCapture $capture -As Segment
        foreach ($side in 'Client', 'Server') {
            $path = Save-Script "$side.pkt" (ConvertTo-TcpScript -Network $net -Side $side -Window)
            (Invoke-TcpScript $path -Profile lab).ToString() | Should -Be 'Pass'
            $path = Save-Script "$side.capture.pkt" ($segments | ConvertTo-TcpScript -Side $side)
            $stack = Save-Script "$side.json" ($segments | ConvertTo-TcpScript -Side $side -As Profile)
            (Invoke-TcpScript $path -Profile $stack).ToString() | Should -Be 'Pass'
        }
    }

    It 'makes of a conversation what it makes of its segments' {
        $capture = Join-Path $TestDrive lab.pcapng
        Export-TcpCapture $capture
        $conversation = Import-TcpCapture $capture -Stream 0
        $script = $conversation | ConvertTo-TcpScript -Side Server
        $script | Should -Match 'lab\.pcapng, stream 0: server 10\.0\.0\.2:80 is called by'
        $segments = Import-TcpCapture $capture -Stream 0 -As Segment
        Get-Event $script | Should -Be (Get-Event ($segments | ConvertTo-TcpScript -Side Server))
    }

    It 'writes times, tolerance and windows as asked for' {
        $script = $client | ConvertTo-TcpScript -AbsoluteTime -Tolerance 7ms -Window
        $script | Should -Match '--tolerance_usecs=7000'
        (Get-Event $script) -match '^\+' | Should -BeNullOrEmpty
        (ConvertFrom-TcpScript $script | Where-Object Kind -EQ OutboundPacket).Window | Should -Not -Contain $null
        (Invoke-TcpScript (Save-Script 'absolute.pkt' $script) -Profile lab).Verdict | Should -Be 'Pass'
    }

    It 'tells of <Id>' -ForEach @(
        @{ Id = 'NotScriptable'; Call = { 5 | ConvertTo-TcpScript -ErrorAction Stop } }
        @{ Id = 'NoSegments'; Call = { Invoke-TcpScript (Join-Path $repositoryRoot tests/scripts/closing/half-close.pkt) | ConvertTo-TcpScript -ErrorAction Stop } }
        @{ Id = 'ScriptNotRun'; Call = { Invoke-TcpScript -LiteralPath (Join-Path $TestDrive gone.pkt) -Trace -ErrorAction Ignore | ConvertTo-TcpScript -ErrorAction Stop } }
        @{ Id = 'StreamNotFound'; Call = { Get-TcpSegment | ConvertTo-TcpScript -Stream 99 -ErrorAction Stop } }
        @{ Id = 'NothingUnderTest'; Call = {
                Invoke-TcpScript (Join-Path $repositoryRoot tests/scripts/closing/half-close-by-the-peer.pkt) -Trace | ConvertTo-TcpScript -Side Client -ErrorAction Stop
            }
        }
        @{ Id = 'CannotMakeScript'; Call = { Get-TcpSegment | Select-Object -Skip 2 -First 3 | ConvertTo-TcpScript -ErrorAction Stop } }
        @{ Id = 'NoSegments'; Call = { ConvertTo-TcpScript -Network (New-TcpNetwork) -ErrorAction Stop } }
    ) {
        $failed = $Call | Should -Throw -PassThru
        $failed.FullyQualifiedErrorId | Should -Be "$Id,TcpShell.Commands.ConvertToTcpScriptCommand"
    }
}
