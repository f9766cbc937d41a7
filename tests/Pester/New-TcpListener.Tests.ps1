BeforeAll {
    . $PSScriptRoot/Common.ps1
    . $PSScriptRoot/NetworkNamespace.ps1
    $noNetwork = Get-NetworkObstacle
    if (-not (Test-Path /dev/net/tun)) { $noNetwork ??= 'this system has no /dev/net/tun' }

    # Runs code in a pwsh with a network of its own that is given up after a minute, and gives what it wrote, line by line. What -Code has: an interface $if
    # with the address 10.77.0.2, and Ask, which sends text from the kernel's side and waits for the first answer.
    function Invoke-Serving([string] $Code) {
        $begin = @"
ip link set lo up; `$ErrorActionPreference = 'Stop'; Import-Module '$modulePath'; `$if = New-TcpInterface -Tun tcpsh0 -Address 10.77.0.2/24
function Connect(`$Port = 70) { `$client = [System.Net.Sockets.TcpClient]::new('10.77.0.2', `$Port); `$client.NoDelay = `$true; `$client.ReceiveTimeout = 5000; `$client }
function Say(`$Client, [byte[]] `$Octets) { [void] `$Client.Client.Send(`$Octets) }
function Hear(`$Client) { `$octets = [byte[]]::new(65536); try { `$count = `$Client.Client.Receive(`$octets) } catch { return "`$(`$_.Exception.InnerException.SocketErrorCode)" }; `$count ? , `$octets[0..(`$count - 1)] : 'End' }
function Ask(`$Client, [string] `$Text) { Say `$Client ([Text.Encoding]::UTF8.GetBytes(`$Text)); `$octets = Hear `$Client; `$octets -is [string] ? `$octets : [Text.Encoding]::UTF8.GetString(`$octets) }
function Wait-For([scriptblock] `$Condition, `$Seconds = 10) { `$end = [datetime]::UtcNow.AddSeconds(`$Seconds); while (-not (& `$Condition) -and [datetime]::UtcNow -lt `$end) { Start-Sleep -Milliseconds 50 }; [bool] (& `$Condition) }

"@
        $file = Join-Path $TestDrive "$([guid]::NewGuid()).ps1"
        Set-Content $file ($begin + $Code)
        unshare --net timeout -s KILL 60 $pwshPath -NoProfile -NonInteractive -File $file 2>&1 | ForEach-Object { "$_" }
    }
}

Describe 'New-TcpListener -HttpFolder' {
    It 'serves the files of a folder, and nothing else' {
        New-TcpNetwork | Out-Null
        $folder = New-Item (Join-Path $TestDrive www) -ItemType Directory
        Set-Content (Join-Path $folder page.txt) 'a page' -NoNewline
        New-TcpListener 8080 -HttpFolder $folder | ForEach-Object { $_.Application.Name } | Should -Be 'Http'
        New-TcpConnection server:8080 | Send-TcpData "GET /page.txt HTTP/1.1`r`n`r`n" -PassThru | Receive-TcpData -ToEnd -AsText | Should -BeLike "HTTP/1.1 200 OK*a page"
        New-TcpConnection server:8080 | Send-TcpData "GET /other HTTP/1.1`r`n`r`n" -PassThru | Receive-TcpData -ToEnd -AsText | Should -BeLike 'HTTP/1.1 404 *'
    }

    It 'says that there is no such folder' {
        { New-TcpListener 8080 -HttpFolder (Join-Path $TestDrive nowhere) } | Should -Throw -ErrorId 'PathNotFound,TcpShell.Commands.NewTcpListenerCommand'
    }
}

Describe 'New-TcpListener -ScriptBlock' {
    BeforeEach { New-TcpNetwork | Out-Null }

    It 'answers each piece of data with what the script block gives' {
        New-TcpListener 8080 -ScriptBlock { param($Text, $Connection) "$($Connection.Id)"; $Text.ToUpper(); [byte[]] (33, 10) } | Out-Null
        $c = New-TcpConnection server:8080
        $server = Get-TcpConnection -HostName server -Port $c.Local.Port
        $c | Send-TcpData 'hello' -PassThru | Receive-TcpData -AsText | Should -Be "$($server.Id)HELLO!`n"
        $c | Send-TcpData 'again' -PassThru | Receive-TcpData -AsText | Should -Be "$($server.Id)AGAIN!`n"
        $c | Close-TcpConnection
        $c.State | Should -Be 'TimeWait'
    }

    It 'resets the connection of a script block that fails, and keeps the reason' {
        $listener = New-TcpListener 8080 -ScriptBlock { throw 'no answer' }
        $c = New-TcpConnection server:8080
        $c | Send-TcpData 'hello' -ErrorAction SilentlyContinue
        $c.Error | Should -Be 'Reset'
        $listener.Application.LastError.Message | Should -Be 'no answer'
        (New-TcpConnection server:8080).State | Should -Be 'Established'
    }
}

Describe 'New-TcpListener on an interface' {
    BeforeEach { if ($noNetwork) { Set-ItResult -Skipped -Because $noNetwork } }

    It 'lets the session end while script blocks run' {
        $lines = Invoke-Serving @'
            [void] (New-TcpListener 70 -ScriptBlock { while ($true) { Start-Sleep -Milliseconds 100 } })
            $one, $two = (Connect), (Connect)
            Say $one 65; Say $two 65
            Start-Sleep -Milliseconds 1500
            'end'
            exit 0
'@
        "$LASTEXITCODE $lines" | Should -Be '0 end'
    }

    It 'answers 404 for what is no regular file, and does not open it' {
        $www = New-Item (Join-Path $TestDrive special) -ItemType Directory
        mkfifo "$www/pipe"
        mknod "$www/zero" c 1 5
        Set-Content "$www/file" 'a file' -NoNewline
        $lines = Invoke-Serving @"
            [void] (New-TcpListener 80 -HttpFolder '$www')
            foreach (`$name in 'pipe', 'zero', 'file') { (Ask (Connect 80) "GET /`$name HTTP/1.1``r``n``r``n").Substring(9, 3) }
            exit 0
"@
        "$lines" | Should -Be '404 404 200'
    }

    It 'ends a script block with its connection, its listener and its interface' {
        $lines = Invoke-Serving @'
            $script = { while ($true) { Start-Sleep -Milliseconds 20; [Environment]::SetEnvironmentVariable('beat', [datetime]::UtcNow.Ticks) } }
            function Test-Beat { Start-Sleep -Milliseconds 300; $before = $env:beat; Start-Sleep -Milliseconds 300; $before -ne $env:beat }
            $runspaces = @(Get-Runspace).Count
            $listener = New-TcpListener 70 -ScriptBlock $script
            $client = Connect; Say $client 65
            "runs $(Wait-For { Test-Beat })"
            $client.Client.LingerState = [System.Net.Sockets.LingerOption]::new($true, 0); $client.Close()
            "after a reset $(-not (Wait-For { -not (Test-Beat) }))"
            $client = Connect; Say $client 65
            "runs $(Wait-For { Test-Beat })"
            Close-TcpConnection $listener.Control
            "without its listener $(-not (Wait-For { -not (Test-Beat) }))"
            [void] (New-TcpListener 71 -ScriptBlock $script)
            $client = Connect 71; Say $client 65
            "runs $(Wait-For { Test-Beat })"
            Remove-TcpInterface $if -Abort
            "without its interface $(-not (Wait-For { -not (Test-Beat) }))"
            "runspaces left: $(-not (Wait-For { @(Get-Runspace).Count -eq $runspaces }))"
            [Environment]::Exit(0)
'@
        $lines | Should -Be 'runs True', 'after a reset False', 'runs True', 'without its listener False', 'runs True', 'without its interface False', 'runspaces left: False'
    }

    It 'ends script blocks when the module is removed' {
        $lines = Invoke-Serving @'
            [void] (New-TcpListener 70 -ScriptBlock { while ($true) { Start-Sleep -Milliseconds 20; [Environment]::SetEnvironmentVariable('beat', [datetime]::UtcNow.Ticks) } })
            $client = Connect; Say $client 65
            [void] (Wait-For { $env:beat })
            Remove-Module TcpShell
            Start-Sleep 1; $before = $env:beat; Start-Sleep 1
            "runs $($before -ne $env:beat)"
            [Environment]::Exit(0)
'@
        $lines | Should -Be 'runs False'
    }

    It 'sends output as it comes, and no faster than it is read' {
        $lines = Invoke-Serving @'
            [void] (New-TcpListener 70 -ScriptBlock { param($Text) if ($Text -eq 'slow') { 'first'; Start-Sleep 60 } while ($true) { 'x' * 1000; $env:written = 1000 + $env:written } })
            "at once: $(Ask (Connect) 'slow')"
            $client = Connect; Say $client 65
            [void] (Wait-For { $env:written -gt 0 })
            "waits: $(Wait-For { $before = $env:written; Start-Sleep 1; $before -eq $env:written } 20)"
            $octets = [byte[]]::new(1MB)
            for ($read = 0; $read -lt 20MB -and ($count = $client.GetStream().Read($octets, 0, $octets.Length)); $read += $count) { }
            "read: $($read -ge 20MB), written on: $(Wait-For { [long] $env:written -gt 20MB })"
            [Environment]::Exit(0)
'@
        $lines | Should -Be 'at once: first', 'waits: True', 'read: True, written on: True'
    }

    It 'serves other connections while script blocks run for ever, thirty-two at once' {
        $lines = Invoke-Serving @'
            $listener = New-TcpListener 70 -ScriptBlock { param($Text) if ($Text -eq 'hang') { Start-Sleep 100 } "$Text!" }
            $hung = 1..31 | ForEach-Object { $client = Connect; Say $client ([Text.Encoding]::ASCII.GetBytes('hang')); $client }
            "the last: $(Ask (Connect) 'hello')"
            $more = Connect; Say $more ([Text.Encoding]::ASCII.GetBytes('hang'))
            Start-Sleep 1
            $late = Connect
            Say $late ([Text.Encoding]::ASCII.GetBytes('late'))
            Start-Sleep 1
            "one more waits: $(-not $late.GetStream().DataAvailable)"
            $more.Client.LingerState = [System.Net.Sockets.LingerOption]::new($true, 0); $more.Close()
            "then: $([Text.Encoding]::ASCII.GetString((Hear $late)))"
            [Environment]::Exit(0)
'@
        $lines | Should -Be 'the last: hello!', 'one more waits: True', 'then: late!'
    }

    It 'reads UTF-8 over the bounds of segments, and gives octets to who asks for them' {
        $lines = Invoke-Serving @'
            [void] (New-TcpListener 70 -ScriptBlock { param($Text) "$($Text.Length):$Text;" })
            [void] (New-TcpListener 71 -ScriptBlock { param([byte[]] $Data) [byte] $Data.Count; , $Data })
            $client = Connect
            Say $client 0x63, 0xc3; [Text.Encoding]::UTF8.GetString((Hear $client))
            Say $client 0xa9, 0x64; "$([int[]] [char[]] [Text.Encoding]::UTF8.GetString((Hear $client)))"
            Say $client 0xe2; Start-Sleep -Milliseconds 300; $client.Client.Shutdown('Send'); "$([int[]] [char[]] [Text.Encoding]::UTF8.GetString((Hear $client)))"
            $client = Connect 71
            Say $client 0, 128, 255, 0xc3
            Start-Sleep 1
            "$(Hear $client)"
            [Environment]::Exit(0)
'@
        # c, then "2:éd;" and at the end "1:?;" with the replacement character
        $lines | Should -Be '1:c;', '50 58 233 100 59', '49 58 65533 59', '4 0 128 255 195'
    }
}
