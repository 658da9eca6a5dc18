// The program procession-keeper, as data of the library: it is started from
// memory, so it need not be installed or found.

    .section .rodata
    .balign 16

    .globl procession_keeper_image_begin
    .type procession_keeper_image_begin, %object
procession_keeper_image_begin:
    .incbin PROCESSION_KEEPER_IMAGE

    .globl procession_keeper_image_end
    .type procession_keeper_image_end, %object
procession_keeper_image_end:

// Data only: asks for no executable stack.
    .section .note.GNU-stack, "", %progbits
