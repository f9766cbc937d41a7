/* An echo server and its client on lwIP, which has the address 10.79.0.2 on a TUN device that is there already: lwip0.

   lwip-peer serve PORT            sends everything back that it receives, and closes when its peer has closed
   lwip-peer call ADDRESS PORT     sends its standard input, closes its half, and writes to its standard output what comes back */

#include <fcntl.h>
#include <lwip/api.h>
#include <lwip/ip_addr.h>
#include <lwip/netif.h>
#include <lwip/tcpip.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <linux/if.h>
#include <linux/if_tun.h>

#define MTU 1500

static struct netif netif;
static int device;

static void fail(const char *what, err_t error)
{
    fprintf(stderr, "%s: %d\n", what, error);
    exit(1);
}

static err_t packet_out(struct netif *from, struct pbuf *packet, const ip4_addr_t *to)
{
    char octets[MTU];
    u16_t length = pbuf_copy_partial(packet, octets, sizeof octets, 0);
    return write(device, octets, length) == length ? ERR_OK : ERR_IF;
}

/* Not into lwIP's pool, which Debian's library has made too small for whole packets. */
static void packets_in(void *unused)
{
    char octets[MTU];
    ssize_t length;
    while ((length = read(device, octets, sizeof octets)) > 0) {
        struct pbuf *packet = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);
        pbuf_take(packet, octets, length);
        if (netif.input(packet, &netif) != ERR_OK)
            pbuf_free(packet);
    }
}

static err_t open_device(struct netif *opened)
{
    struct ifreq request = { .ifr_name = "lwip0", .ifr_flags = IFF_TUN | IFF_NO_PI };
    device = open("/dev/net/tun", O_RDWR);
    if (device < 0 || ioctl(device, TUNSETIFF, &request) < 0) {
        perror("lwip0");
        exit(1);
    }
    opened->mtu = MTU;
    opened->output = packet_out;
    netif_set_link_up(opened);
    sys_thread_new("packets", packets_in, NULL, DEFAULT_THREAD_STACKSIZE, DEFAULT_THREAD_PRIO);
    return ERR_OK;
}

static void bring_up(void *done)
{
    ip4_addr_t own, mask, gateway;
    IP4_ADDR(&own, 10, 79, 0, 2);
    IP4_ADDR(&mask, 255, 255, 255, 0);
    IP4_ADDR(&gateway, 10, 79, 0, 1);
    netif_add(&netif, &own, &mask, &gateway, NULL, open_device, tcpip_input);
    netif_set_default(&netif);
    netif_set_up(&netif);
    sys_sem_signal(done);
}

static void echo(void *argument)
{
    struct netconn *connection = argument;
    struct netbuf *received;
    while (netconn_recv(connection, &received) == ERR_OK) {
        do {
            void *data;
            u16_t length;
            netbuf_data(received, &data, &length);
            netconn_write(connection, data, length, NETCONN_COPY);
        } while (netbuf_next(received) >= 0);
        netbuf_delete(received);
    }
    netconn_close(connection);
    netconn_delete(connection);
}

static void serve(int port)
{
    struct netconn *listener = netconn_new(NETCONN_TCP);
    struct netconn *connection;
    err_t error = netconn_bind(listener, IP_ADDR_ANY, port);
    if (error != ERR_OK || (error = netconn_listen(listener)) != ERR_OK)
        fail("listen", error);
    for (;;)
        if (netconn_accept(listener, &connection) == ERR_OK)
            sys_thread_new("echo", echo, connection, DEFAULT_THREAD_STACKSIZE, DEFAULT_THREAD_PRIO);
}

static void send_input(void *argument)
{
    static char buffer[16384];
    struct netconn *connection = argument;
    ssize_t length;
    while ((length = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
        err_t error = netconn_write(connection, buffer, length, NETCONN_COPY);
        if (error != ERR_OK)
            fail("write", error);
    }
    netconn_shutdown(connection, 0, 1);
}

static void call(const char *address, int port)
{
    struct netconn *connection = netconn_new(NETCONN_TCP);
    struct netbuf *received;
    ip_addr_t remote;
    err_t error;
    ipaddr_aton(address, &remote);
    if ((error = netconn_connect(connection, &remote, port)) != ERR_OK)
        fail("connect", error);
    sys_thread_new("input", send_input, connection, DEFAULT_THREAD_STACKSIZE, DEFAULT_THREAD_PRIO);
    while ((error = netconn_recv(connection, &received)) == ERR_OK) {
        do {
            void *data;
            u16_t length;
            netbuf_data(received, &data, &length);
            if (write(STDOUT_FILENO, data, length) != length)
                fail("output", ERR_VAL);
        } while (netbuf_next(received) >= 0);
        netbuf_delete(received);
    }
    if (error != ERR_CLSD)
        fail("receive", error);
    netconn_close(connection);
    netconn_delete(connection);
}

int main(int count, char **words)
{
    sys_sem_t done;
    sys_sem_new(&done, 0);
    tcpip_init(bring_up, &done);
    sys_sem_wait(&done);
    if (count == 3 && strcmp(words[1], "serve") == 0)
        serve(atoi(words[2]));
    else if (count == 4 && strcmp(words[1], "call") == 0)
        call(words[2], atoi(words[3]));
    else
        fail("usage", ERR_ARG);

    /* What is still to be sent is sent by another thread: the last ACKs. */
    sleep(1);
    return 0;
}
