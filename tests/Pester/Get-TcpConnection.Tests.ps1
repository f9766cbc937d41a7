BeforeAll { . $PSScriptRoot/Common.ps1 }

Describe 'The operating system''s connections' {
    BeforeAll {
        $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
        $listener.Start()
        $port = $listener.LocalEndpoint.Port
        $client = [System.Net.Sockets.TcpClient]::new('127.0.0.1', $port)
        $server = $listener.AcceptTcpClient()
    }

    AfterAll {
        $client.Dispose()
        $server.Dispose()
        $listener.Stop()
    }

    It 'are listed by Get-TcpConnection -System, and filtered' {
        $all = Get-TcpConnection -System -Port $port
        $all.State | Sort-Object | Should -Be 'Listen', 'Established', 'Established'
        (Get-TcpConnection -System -LocalPort $port -State LISTEN).Local.Port | Should -Be $port
        $end = Get-TcpConnection -System -RemotePort $port -RemoteAddress 127.0.0.1
        $end.Local.Port | Should -Be $client.Client.LocalEndPoint.Port
        Get-TcpConnection -System -Port $port -RemoteAddress 192.0.2.1 | Should -BeNullOrEmpty
        (Get-TcpConnection -System -RemotePort $port -RemoteAddress 127.0.0.0/8).Local.Port | Should -Be $end.Local.Port
        @(Get-TcpConnection -System -Port $port -LocalAddress 127.0.0.0/8).Count | Should -Be 3
        Get-TcpConnection -System -Port $port -LocalAddress 127.0.1.0/24 | Should -BeNullOrEmpty
        { Get-TcpConnection -System -LocalAddress 127.0.0.0/33 } | Should -Throw "*'127.0.0.0/33'*10.0.0.0/8*"
    }

    It 'have their processes on Linux' {
        if (-not $IsLinux) { Set-ItResult -Skipped -Because 'only Linux tells the processes to everybody'; return }
        (Get-TcpConnection -System -Port $port).ProcessId | Sort-Object -Unique | Should -Be $PID
        (Get-TcpConnection -System -Port $port -ProcessName "$((Get-Process -Id $PID).ProcessName.Substring(0, 2))*").Count | Should -Be 3
        Get-TcpConnection -System -Port $port -ProcessName nothing | Should -BeNullOrEmpty
    }

    It 'fit into 80 columns' {
        Get-TcpConnection -System -Port $port | Out-String -Width 80 | ForEach-Object { $_ -split '\r?\n' } | ForEach-Object { $_.Length | Should -BeLessOrEqual 80 }
    }

    It 'are watched by Watch-TcpState -System' {
        $shell = [powershell]::Create()
        [void] $shell.AddScript("Import-Module '$modulePath'; 'ready'; Watch-TcpState -System -RemotePort $port -State Established, CloseWait").AddCommand('Select-Object').AddParameter('First', 3)
        $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
        $handle = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
        while ($output.Count -eq 0 -and -not $handle.IsCompleted) { Start-Sleep -Milliseconds 20 }
        Start-Sleep -Milliseconds 500
        $other = [System.Net.Sockets.TcpClient]::new('127.0.0.1', $port)
        $local = $other.Client.LocalEndPoint.Port
        $peer = $listener.AcceptTcpClient()
        while ($output.Count -lt 2 -and -not $handle.IsCompleted) { Start-Sleep -Milliseconds 20 }
        $peer.Client.Shutdown('Send')
        $handle.AsyncWaitHandle.WaitOne([timespan]::FromSeconds(30)) | Should -BeTrue
        $shell.Dispose()
        $other.Dispose()
        $peer.Dispose()
        $output[1, 2].To | Should -Be 'Established', 'CloseWait'
        $output[1, 2].Local.Port | Should -Be $local, $local
    }

    It 'refuse an interval that is none' {
        { Watch-TcpState -System -Interval 0 } | Should -Throw -ErrorId 'ValueOutOfRange,TcpShell.Commands.WatchTcpStateCommand'
    }
}
